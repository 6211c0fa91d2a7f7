//! The page that tests write their reports for, as the runner tells them in the environment.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use harness_base::page::{
    DEFAULT_WIDTH, DRY_RUN, DRY_RUN_BARE, DRY_RUN_FULL, INK, MARKS, RUNS, WIDTH,
};

use crate::term;

/// What the names of variables begin with that are for another run: those of the harness, those of loom, for which the
/// harness decides, and those of nextest around this one.
const PREFIXES: [&str; 3] = ["HARNESS_", "LOOM_", "NEXTEST"];

/// Keeps from `command` what the user's environment says of reports, and of how models are explored.
pub fn forget(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let is_known = |name: &str| PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        if name.to_str().is_some_and(is_known) {
            command.env_remove(name);
        }
    }
}

/// The page that a test writes its report for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportPage {
    /// The columns that it may take.
    pub columns: usize,
    /// Whether it marks what is to be coloured.
    pub marks: bool,
    /// What a model shows that passes.
    pub passing: Passing,
    /// What the names of the files begin with in which models write down every interleaving, if they are to.
    pub runs: Option<PathBuf>,
}

/// What a model shows that passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// What it explored.
    Coverage,
    /// An interleaving too, as one that fails is shown.
    DryRun,
    /// An interleaving too, in the form that a README has: without places in the source.
    BareDryRun,
}

impl ReportPage {
    /// For `verify`: the same for everybody and everywhere.
    pub const PLAIN: Self =
        Self { columns: DEFAULT_WIDTH, marks: false, passing: Passing::Coverage, runs: None };

    /// For the terminal, or whatever stdout is.
    pub fn of_stdout(colour: bool) -> Self {
        Self {
            // A page has a margin of one column.
            columns: term::report_width() - 1,
            marks: colour,
            passing: Passing::Coverage,
            runs: None,
        }
    }

    /// The same page, on which a passing model shows this.
    pub fn with(self, passing: Passing) -> Self {
        Self { passing, ..self }
    }

    /// Tells the tests that `command` runs, a process for each, and tells them nothing else: see [`forget`].
    pub fn tell(&self, command: &mut Command) {
        forget(command);
        command.env(WIDTH, self.columns.to_string());
        if self.marks {
            command.env(INK, MARKS);
        } else {
            // What is not coloured here is not to be coloured there, whatever else asks for it.
            command.env("NO_COLOR", "1");
        }
        if let Some(runs) = &self.runs {
            command.env(RUNS, runs);
        }
        match self.passing {
            Passing::Coverage => {}
            Passing::DryRun => {
                command.env(DRY_RUN, DRY_RUN_FULL);
            }
            Passing::BareDryRun => {
                // A README is UTF-8, whatever the locale in which it is written.
                command.env(DRY_RUN, DRY_RUN_BARE).env("LC_ALL", "C.UTF-8");
            }
        }
        // With one thread, which is what libtest takes on one core, it writes a test's name in front of the first
        // line that the test prints, and that line would not be found.
        command.env("RUST_TEST_THREADS", "2");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_is_told_of_the_page() {
        let told = |page: &ReportPage, name: &str| {
            let mut command = Command::new("test");
            page.tell(&mut command);
            command
                .get_envs()
                .find(|(variable, _)| *variable == name)
                .and_then(|(_, value)| Some(value?.to_str()?.to_owned()))
        };
        let runs = ReportPage { runs: Some("a".into()), ..ReportPage::PLAIN };
        assert_eq!(told(&runs, RUNS).as_deref(), Some("a"));
        let plain = ReportPage::PLAIN;
        assert_eq!(told(&plain, RUNS), None);
        assert_eq!(told(&plain, WIDTH).as_deref(), Some("80"));
        assert_eq!(told(&plain, INK), None);
        assert_eq!(told(&plain, "NO_COLOR").as_deref(), Some("1"));
        assert_eq!(told(&plain, DRY_RUN), None);
        let bare = plain.with(Passing::BareDryRun);
        assert_eq!(told(&bare, DRY_RUN).as_deref(), Some("bare"));
        assert_eq!(told(&bare, "LC_ALL").as_deref(), Some("C.UTF-8"));
        let coloured = ReportPage::of_stdout(true).with(Passing::DryRun);
        assert_eq!(told(&coloured, WIDTH).as_deref(), Some("79"));
        assert_eq!(told(&coloured, INK).as_deref(), Some("marks"));
        assert_eq!(told(&coloured, "NO_COLOR"), None);
        assert_eq!(told(&coloured, DRY_RUN).as_deref(), Some("full"));
    }
}
