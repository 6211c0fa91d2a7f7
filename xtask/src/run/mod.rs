//! Runs a lesson's tests: one call of cargo, a process for each binary, or for each test of one in which not all pass, and
//! a bounded time for all of it.
//!
//! | | |
//! |---|---|
//! | [`Runner`] | the workspace, and how to run things in it |
//! | [`cargo`] | builds, and what cargo and rustc say |
//! | [`fresh`] | that what is run was built from the bytes that are there |
//! | [`executor`] | starts the tests, several at a time |
//! | [`guard`] | the process in front of them: their time-outs, their limits |
//! | [`control`] | follows a run and ends it before its time |
//! | [`report_page`] | the page that tests write their reports for |
//! | [`stderr`] | what cargo says while it builds |
//!
//! May use [`learner`](crate::learner), [`course`](crate::course) and [`term`](crate::term).

mod backtrace;
pub mod cargo;
pub mod control;
pub mod executor;
mod fresh;
pub mod guard;
pub mod report_page;
mod source_line;
pub mod stderr;

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::course::settings::cargo_home;
use crate::course::{Lesson, Workspace, lesson_tests};

use cargo::{NotBuilt, Tests};
use control::Control;
pub use executor::TestRun;
use report_page::ReportPage;
pub use source_line::SourceLine;

/// The workspace, and how to run things in it.
#[derive(Clone, Debug)]
pub struct Runner {
    /// The workspace and its lessons.
    pub workspace: Arc<Workspace>,
    /// The cargo that started the runner, or the one on the `PATH`.
    pub cargo: OsString,
    /// The runner's own binary: each test is started through it.
    pub own_binary: PathBuf,
    /// Whether rustc's words are shown on a terminal, so that they may be coloured.
    pub colour: bool,
    /// The page that tests write their reports for.
    pub report: ReportPage,
    /// Who follows the runs, and may cancel them.
    pub control: Control,
}

/// The longest that one test of a lesson may take, without the time in which it waits for a processor.
pub const TEST_TIMEOUT: Duration = Duration::from_secs(6);

/// The bounds of a lesson's tests: a verdict within 15 s, whatever the learner's code does.
pub const LESSON: executor::Limits = executor::Limits {
    one: TEST_TIMEOUT,
    // Two rounds of hanging tests fit in.
    all: Duration::from_secs(13),
    // More than there are cores: a test may sleep, and several shall sleep at once. No more than that, for those that
    // spin share the cores until each has used what it may.
    at_once: 6,
};

impl Runner {
    /// The runner of a workspace.
    pub fn new(workspace: Workspace) -> Result<Self> {
        let colour =
            anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
        Ok(Self {
            workspace: Arc::new(workspace),
            cargo: env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
            // Asked for once, at the start: a build may replace the file while the runner runs.
            own_binary: env::current_exe()
                .context("the system does not tell where the runner's binary is")?,
            colour,
            report: ReportPage::of_stdout(colour),
            control: Control::default(),
        })
    }

    /// The same, for tests that write their reports for this page.
    pub fn with_report(&self, report: ReportPage) -> Self {
        Self { report, ..self.clone() }
    }

    /// The same, for a run that goes by this handle.
    pub fn with_control(&self, control: &Control) -> Self {
        Self { control: control.clone(), ..self.clone() }
    }

    /// The same, in another workspace.
    pub fn in_workspace(&self, workspace: Workspace) -> Self {
        Self { workspace: Arc::new(workspace), ..self.clone() }
    }

    /// A call of cargo in `root`, free of settings that belong to a test run around this one.
    pub fn cargo(&self, root: &Path) -> Command {
        self.tool(&self.cargo, root)
    }

    /// The same for another program of the toolchain.
    pub fn tool(&self, program: &OsStr, root: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(root).env("RUST_BACKTRACE", "0");
        report_page::forget(&mut command);
        command
    }

    /// The same for a build that is not repeated after every change to a line: it keeps no incremental state, which takes
    /// more room than all that is built.
    pub fn cargo_once(&self, root: &Path) -> Command {
        let mut command = self.cargo(root);
        command.env("CARGO_INCREMENTAL", "0");
        command
    }

    /// The guard in front of a test, as the first words of its command line.
    fn guard(&self, what: guard::What, time_out: Duration) -> [OsString; 4] {
        let ms = time_out.as_millis().to_string();
        [self.own_binary.clone().into(), guard::ARGUMENT.into(), what.word().into(), ms.into()]
    }
}

/// Whether `cargo nextest` would find its binary. Asking cargo for it would cost a quarter of a second.
pub fn nextest_is_installed() -> bool {
    installed("cargo-nextest").is_some()
}

/// The binary of a tool, on the `PATH` or where `cargo install` puts it.
pub fn installed(tool: &str) -> Option<PathBuf> {
    let name = format!("{tool}{}", env::consts::EXE_SUFFIX);
    let path = env::var_os("PATH").unwrap_or_default();
    let of_cargo = cargo_home().map(|home| home.join("bin"));
    let mut files = env::split_paths(&path).chain(of_cargo).map(|folder| folder.join(&name));
    files.find(|file| file.is_file())
}

/// What came of building a lesson and running its tests.
#[derive(Debug)]
pub enum Run {
    /// It does not compile, or cargo has another complaint.
    NotBuilt(NotBuilt),
    /// The tests ran.
    Ran(Ran),
}

/// The tests that ran.
#[derive(Debug, Default)]
pub struct Ran {
    /// In no order.
    pub tests: Vec<TestRun>,
    /// Whether the time was up before all had run.
    pub cut_short: bool,
    /// How many warnings rustc has for the lesson.
    pub warnings: usize,
    /// Why tests of the learner's own were left out, in rustc's words, if they do not compile.
    pub left_out: Option<String>,
}

/// Which of a lesson's tests to run: those whose canonical name contains the text.
#[derive(Clone, Debug)]
pub struct Filter(String);

impl std::str::FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        if !text.is_empty() && text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err("a filter is a part of a test's name: letters, digits, _ and ::".to_owned())
        }
    }
}

impl Filter {
    /// Whether a test's canonical name contains the text.
    pub fn admits(&self, canonical: &str) -> bool {
        canonical.contains(&self.0)
    }
}

impl std::fmt::Display for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Builds the tests of `lesson` and runs those that the filter admits.
///
/// # Errors
///
/// cargo or a test binary cannot be run at all, or the run was cancelled.
pub fn tests(runner: &Runner, lesson: &Lesson, filter: Option<&Filter>) -> Result<Run> {
    if let Some(missing) = lesson.missing_file(&runner.workspace.root) {
        return Ok(Run::NotBuilt(NotBuilt {
            said: format!("error: {missing}\n"),
            errors: Vec::new(),
        }));
    }
    package_tests(runner, lesson, &lesson.name, filter)
}

/// The same, all of them, against the reference.
pub fn tests_of_reference(runner: &Runner, lesson: &Lesson) -> Result<Run> {
    package_tests(runner, lesson, &lesson.solution_package(), None)
}

fn package_tests(
    runner: &Runner,
    lesson: &Lesson,
    package: &str,
    filter: Option<&Filter>,
) -> Result<Run> {
    let expected = lesson_tests::expected(&runner.workspace, lesson);
    let mut built = cargo::build_tests(runner, package, Tests::All)?;
    let mut left_out = None;
    if !built.success && lesson_tests::has_others(&runner.workspace, lesson, &expected) {
        let of_lesson = Tests::Of(lesson_tests::targets(&expected));
        left_out = Some(cargo::first_error(&built.said));
        built = cargo::build_tests(runner, package, of_lesson)?;
    }
    if !built.success {
        return Ok(Run::NotBuilt(built.not_built()));
    }
    let together = !lesson_tests::has_statics(&runner.workspace, lesson);
    let binaries = built.tests_of(package);
    let (tests, cut_short) = executor::lesson(runner, binaries, &expected, filter, together)?;
    runner.control.check()?;
    Ok(Run::Ran(Ran { tests, cut_short, warnings: built.warnings_of(package), left_out }))
}

/// The name by which the runner, the mistakes and the learner call a test: `HEADING::NAME`. The heading is the
/// module in the library's own unit tests and the file's name in integration tests, where a solution says it
/// twice (binary `correctness`, module `correctness`).
pub fn canonical(integration_test: Option<&str>, test: &str) -> String {
    match integration_test {
        None => test.to_owned(),
        Some(target) => {
            let prefix = format!("{target}::");
            format!("{prefix}{}", test.strip_prefix(&prefix).unwrap_or(test))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solution_and_its_lesson_call_a_test_the_same() {
        assert_eq!(canonical(Some("correctness"), "adds"), "correctness::adds");
        assert_eq!(canonical(Some("correctness"), "correctness::adds"), "correctness::adds");
        assert_eq!(canonical(None, "race_freedom::adds"), "race_freedom::adds");
    }

    #[test]
    fn a_filter_is_part_of_a_name() {
        assert!("correctness::a".parse::<Filter>().is_ok());
        assert!("test(x) | all()".parse::<Filter>().is_err());
        assert!("".parse::<Filter>().is_err());
    }
}
