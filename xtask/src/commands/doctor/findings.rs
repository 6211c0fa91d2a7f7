//! What the facts mean for a learner.

use crate::commands::book;
use crate::course::Problem;

use super::facts::{Facts, Folder, NEXTEST_SETTINGS, Progress, Terminal, Version};

/// Below this, a build may fill the disk.
const LITTLE: u64 = 2_000_000_000;

/// Below this, nothing can be built.
const NOTHING: u64 = 100_000_000;

/// Narrower than this, the columns of a dry run are too narrow to be read with ease.
const NARROW: usize = 60;

/// What was looked at, and what came of it.
#[derive(Debug)]
pub struct Finding {
    /// How it is.
    pub grade: Grade,
    /// What was looked at.
    pub what: &'static str,
    /// What was found.
    pub found: String,
    /// What to do: what it is good for, and what to type where typing helps.
    pub remedies: Vec<(String, Option<String>)>,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// As it should be.
    Good,
    /// The lessons go better with it.
    Warning,
    /// It keeps the learner from the lessons.
    Bad,
}

impl Finding {
    fn new(grade: Grade, what: &'static str, found: impl Into<String>) -> Self {
        Self { grade, what, found: found.into(), remedies: Vec::new() }
    }

    fn good(what: &'static str, found: impl Into<String>) -> Self {
        Self::new(Grade::Good, what, found)
    }

    fn warning(what: &'static str, found: impl Into<String>) -> Self {
        Self::new(Grade::Warning, what, found)
    }

    fn bad(what: &'static str, found: impl Into<String>) -> Self {
        Self::new(Grade::Bad, what, found)
    }

    fn because(mut self, why: &str) -> Self {
        self.remedies.push((why.to_owned(), None));
        self
    }

    fn by(mut self, why: &str, command: impl Into<String>) -> Self {
        let command = Some(command.into());
        self.remedies.push((why.to_owned(), command));
        self
    }
}

/// What the facts mean.
pub fn of(facts: &Facts) -> Vec<Finding> {
    let mut findings = vec![rust(facts), nextest(facts), mdbook(facts)];
    // Said only where there is something to say.
    findings.extend(lessons(&facts.problems));
    findings.extend(settings(&facts.settings));
    // How much of a disk is free is asked of Unix only.
    if cfg!(unix) {
        findings.push(space(&facts.folders));
    }
    findings.extend([
        permission(&facts.folders),
        watching(&facts.watching),
        terminal(&facts.terminal),
        progress(&facts.progress),
    ]);
    findings
}

fn lessons(problems: &[Problem]) -> Option<Finding> {
    let [first, others @ ..] = problems else {
        return None;
    };
    let (grade, why) = if problems.iter().any(|problem| problem.blocks) {
        (Grade::Bad, "Until then cargo refuses every lesson. In the clone's folder:")
    } else {
        (Grade::Warning, "To have it back, in the clone's folder:")
    };
    let finding = Finding::new(grade, "Lessons", &first.what).by(why, &first.command);
    Some(others.iter().fold(finding, |finding, problem| {
        finding.by(&format!("{}:", problem.what), &problem.command)
    }))
}

fn settings(settings: &[String]) -> Option<Finding> {
    (!settings.is_empty()).then(|| {
        Finding::warning("Settings", settings.join("; ")).because(
            "They are not the lessons'. If cargo cannot build a lesson, take them away first.",
        )
    })
}

fn rust(facts: &Facts) -> Finding {
    let asked = facts.rust_asked;
    let tools = [("rustc", &facts.rustc), ("cargo", &facts.cargo)];
    let found = tools.map(|(name, version)| match version {
        Ok(version) => format!("{name} {version}"),
        Err(why) => format!("{name} cannot be run ({why})"),
    });
    let found = found.join(", ");
    if tools.iter().any(|(_, version)| version.is_err()) {
        return Finding::bad("Rust", found)
            .by("Install Rust from https://rustup.rs, then:", "rustup default stable");
    }
    let is_old = |version: &Result<Version, _>| matches!(version, Ok(it) if *it < asked);
    if tools.iter().any(|(_, version)| is_old(version)) {
        return Finding::bad("Rust", found).by(
            &format!("The lessons need Rust {asked} or later:"),
            "rustup update stable && rustup default stable",
        );
    }
    Finding::good("Rust", format!("{found} ({asked} or later is needed)"))
}

fn nextest(facts: &Facts) -> Finding {
    const WHAT: &str = "cargo-nextest";
    const INSTALL: &str = "cargo install --locked cargo-nextest";
    let asked = match &facts.nextest_asked {
        Ok(asked) => *asked,
        Err(why) => {
            let found = format!("its settings in {NEXTEST_SETTINGS} cannot be read: {why}");
            return Finding::warning(WHAT, found)
                .by("Bring them back:", format!("git checkout -- {NEXTEST_SETTINGS}"));
        }
    };
    match &facts.nextest {
        None => Finding::warning(WHAT, "not installed; the runner does without")
            .by("To run lessons without the runner:", INSTALL),
        Some(Err(why)) => Finding::warning(WHAT, format!("cannot be run: {why}"))
            .by("Install it again:", format!("{INSTALL} --force")),
        Some(Ok(found)) if *found < asked => Finding::warning(WHAT, found.to_string())
            .by(&format!("`cargo nextest run` needs {asked} or later:"), INSTALL),
        Some(Ok(found)) => Finding::good(WHAT, format!("{found} ({asked} or later is needed)")),
    }
}

/// Only one command needs it, so a learner misses nothing without.
fn mdbook(facts: &Facts) -> Finding {
    const WHAT: &str = "mdBook";
    match &facts.mdbook {
        None => Finding::good(WHAT, "not installed; only `cargo xtask book` needs it")
            .by("To read the course as a site:", book::INSTALL),
        Some(Err(why)) => Finding::warning(WHAT, format!("cannot be run: {why}"))
            .by("Install it again:", format!("{} --force", book::INSTALL)),
        Some(Ok(found)) => Finding::good(WHAT, found.to_string()),
    }
}

fn space(folders: &[Folder]) -> Finding {
    const WHAT: &str = "Disk space";
    // The exercises grow by what the learner writes, which is little.
    let elsewhere = |folder: &&Folder| folder.name != crate::course::EXERCISES;
    let folders = || folders.iter().filter(elsewhere);
    let amount = |bytes: u64| match bytes {
        0..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{}.{} GB", bytes / 1_000_000_000, bytes / 100_000_000 % 10),
    };
    let mut found: Vec<String> = Vec::new();
    for folder in folders() {
        let name = &folder.name;
        let amount = match &folder.free {
            Ok(bytes) => format!("{} free", amount(*bytes)),
            Err(why) => format!("unknown ({why})"),
        };
        // Mostly all are on one disk.
        match found.iter_mut().find(|other| other.starts_with(&amount)) {
            Some(other) => *other += &format!(" and {name}"),
            None => found.push(format!("{amount} for {name}")),
        }
    }
    let found = found.join(", ");
    let least = folders().filter_map(|folder| folder.free.as_ref().ok()).min();
    match least {
        Some(bytes) if *bytes < LITTLE => {
            let grade = match *bytes < NOTHING {
                true => Grade::Bad,
                false => Grade::Warning,
            };
            Finding::new(grade, WHAT, found).by(
                "What was built can be removed, and is built again when it is needed:",
                "cargo clean",
            )
        }
        Some(_) => Finding::good(WHAT, found),
        None => Finding::warning(WHAT, found).because("See to it that there are 2 GB."),
    }
}

fn permission(folders: &[Folder]) -> Finding {
    const WHAT: &str = "Writing";
    let refused: Vec<_> = folders
        .iter()
        .filter_map(|folder| Some((&folder.name, folder.refused.as_ref()?)))
        .collect();
    if refused.is_empty() {
        let names: Vec<_> = folders.iter().map(|folder| folder.name.as_str()).collect();
        return Finding::good(WHAT, format!("allowed in {}", names.join(", ")));
    }
    let found: Vec<_> =
        refused.iter().map(|(name, refused)| format!("{name}: {}", refused.why)).collect();
    let mut finding = Finding::bad(WHAT, found.join("; "));
    if refused.iter().any(|(_, refused)| refused.permission) {
        let command = if cfg!(windows) {
            "icacls . /grant \"%USERNAME%:(OI)(CI)F\" /T"
        } else {
            "sudo chown -R \"$(id -un)\" . && chmod -R u+rwX ."
        };
        finding = finding.by("Make the clone yours, in its folder:", command);
    }
    if refused.iter().any(|(_, refused)| !refused.permission) {
        finding = finding.because(
            "Clone the repository to a disk that can be written to, or set CARGO_TARGET_DIR to a folder there.",
        );
    }
    finding
}

fn watching(way: &Result<Option<String>, String>) -> Finding {
    const WHAT: &str = "Watching";
    match way {
        Ok(None) => Finding::good(WHAT, "the file system tells what is saved"),
        Ok(Some(why)) => {
            let found = format!("`cargo xtask watch` looks at the files twice a second: {why}");
            let found = found.trim_end_matches('.');
            // inotify's two limits: of what is watched, and of who watches.
            if why.contains("limit") || why.contains("os error 24") {
                Finding::warning(WHAT, found).by(
                    "To be told at once, raise the limit until the next start:",
                    "sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512",
                )
            } else {
                Finding::warning(WHAT, found).because("That works; there is nothing to do.")
            }
        }
        Err(why) => Finding::warning(WHAT, format!("does not work: {why}"))
            .by("Run a lesson by hand instead:", "cargo xtask next"),
    }
}

fn terminal(terminal: &Terminal) -> Finding {
    const WHAT: &str = "Terminal";
    let signs = match terminal.unicode {
        true => "UTF-8",
        false => "no UTF-8, so ASCII signs",
    };
    let no = if terminal.colour { "" } else { "no " };
    let columns = terminal.columns;
    let found = format!("{signs}, {no}colours, {columns} columns");
    if !terminal.is_one {
        return Finding::good(WHAT, format!("none here; {found}"));
    }
    let mut finding = Finding::good(WHAT, found);
    if !terminal.unicode {
        finding.grade = Grade::Warning;
        finding = finding.by(
            "If it can show UTF-8, say so; for good, in your shell's start-up file:",
            if cfg!(windows) { "set LC_ALL=C.UTF-8" } else { "export LC_ALL=C.UTF-8" },
        );
    }
    if columns < NARROW {
        finding.grade = Grade::Warning;
        finding = finding.because("Dry runs read best from 80 columns on: make the window wider.");
    }
    finding
}

fn progress(progress: &Result<Progress, String>) -> Finding {
    const WHAT: &str = "Progress";
    match progress {
        Ok(Progress::None) => Finding::good(WHAT, "none yet: it begins with `cargo xtask next`"),
        Ok(Progress::Lessons { done, of }) => {
            Finding::good(WHAT, format!("{done} of {of} lessons done"))
        }
        Ok(Progress::Damaged(why)) => Finding::warning(WHAT, format!("the file is damaged: {why}"))
            .by(
                "Nothing is lost: this sets the file aside and finds out again what you have done:",
                "cargo xtask list --check",
            ),
        Err(why) => Finding::bad(WHAT, why)
            .by("Update the runner, if that is what it asks for:", "git pull"),
    }
}
