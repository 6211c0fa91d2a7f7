//! What was built, by package, and what became of its tests.

use std::collections::BTreeSet;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::Result;

use crate::outcome::Raw;
use crate::run::cargo::{Binary, Built};
use crate::run::executor::{self, Job, Limits};
use crate::run::{self, Setup};

/// The longest that a test may take: what nextest's default profile gives it. A learner's test has less, but
/// builds that run beside `verify` slow it down, and a verdict on a lesson must not depend on them.
const ONE: Duration = Duration::from_secs(10);

/// The test binaries of a package.
pub fn binaries_of<'a>(built: &'a Built, package: &str) -> impl Iterator<Item = &'a Binary> {
    built
        .binaries
        .iter()
        .filter(move |binary| binary.package == package)
}

/// The tests of a package.
///
/// # Errors
///
/// A binary does not list its tests.
pub fn jobs_of<'a>(setup: &Setup, built: &'a Built, package: &str) -> Result<Vec<Job<'a>>> {
    let mut jobs = Vec::new();
    for binary in binaries_of(built, package) {
        for test in executor::list(setup, binary)? {
            jobs.push(Job {
                binary,
                canonical: run::canonical(binary.target.as_deref(), &test),
                test,
            });
        }
    }
    Ok(jobs)
}

/// Why a test cannot run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoJob {
    /// Its binary is not there.
    NotBuilt,
    /// Its binary has no test of that name.
    NoSuchTest,
}

/// The test of a package that has this canonical name. `target` is the integration test that holds it; `None` for
/// the library's own unit tests.
///
/// # Errors
///
/// The binary does not list its tests.
pub fn job_of<'a>(
    setup: &Setup,
    built: &'a Built,
    package: &str,
    target: Option<&str>,
    canonical: &str,
) -> Result<Result<Job<'a>, NoJob>> {
    let Some(binary) =
        binaries_of(built, package).find(|binary| binary.target.as_deref() == target)
    else {
        return Ok(Err(NoJob::NotBuilt));
    };
    let test = executor::list(setup, binary)?
        .into_iter()
        .find(|test| run::canonical(target, test) == canonical);
    Ok(test.map_or(Err(NoJob::NoSuchTest), |test| {
        Ok(Job {
            binary,
            canonical: canonical.to_owned(),
            test,
        })
    }))
}

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
pub fn run_all(setup: &Setup, jobs: &[Job<'_>]) -> Vec<Raw> {
    // Models are busy, but what hangs, as a mistake may, sleeps.
    let at_once = available_parallelism().map_or(2, usize::from) + 1;
    let all = Duration::from_secs(24 * 3600);
    executor::run(
        setup,
        jobs,
        &Limits {
            one: ONE,
            all,
            at_once,
        },
    )
}
