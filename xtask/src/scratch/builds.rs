//! What was built, by package, and what became of its tests.

use std::collections::BTreeSet;
use std::thread::available_parallelism;
use std::time::Duration;

use crate::run::Runner;
use crate::run::cargo::Built;
use crate::run::executor::{self, Job, Limits};
pub use crate::run::executor::{NoJob, job_of, jobs_of};
use crate::verdict::outcome::Raw;

/// The longest that a test may take: what the profile in `.config/nextest.toml` gives it. A learner's test has less, but
/// builds that run beside `verify` slow it down, and a verdict on a lesson must not depend on them.
const ONE: Duration = Duration::from_secs(10);

/// Warnings and errors about a package, each once: the library is compiled with and without its tests.
pub fn said_of(built: &Built, package: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    built
        .diagnostics
        .iter()
        .filter(|diagnostic| {
            diagnostic.package == package && seen.insert(diagnostic.rendered.clone())
        })
        // `aborting due to 2 previous errors`, `2 warnings emitted`: counts of what stands there already.
        .filter(|diagnostic| diagnostic.rendered.contains("-->"))
        .map(|diagnostic| diagnostic.rendered.trim_end().to_owned())
        .collect()
}

/// The end of what cargo said, for when nothing else explains why something is not there.
pub fn last_words(built: &Built) -> String {
    let lines: Vec<&str> = built
        .said
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let from = lines.len().saturating_sub(10);
    if lines.is_empty() {
        "the manifest has no such target".to_owned()
    } else {
        lines[from..].join("\n")
    }
}

/// Runs each job to its end, however many there are.
pub fn run_all(runner: &Runner, jobs: &[Job<'_>]) -> Vec<Raw> {
    // Models are busy, but what hangs, as a mistake may, sleeps.
    let at_once = available_parallelism().map_or(2, usize::from) + 1;
    let all = Duration::from_secs(24 * 3600);
    executor::run(
        runner,
        jobs,
        &Limits {
            one: ONE,
            all,
            at_once,
        },
    )
}
