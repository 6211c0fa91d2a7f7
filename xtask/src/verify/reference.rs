//! The gate of the reference, and what is recorded of its tests.

use std::collections::BTreeSet;

use anyhow::Result;

use super::{Gate, lock};
use crate::course::Lesson;
use crate::run::Runner;
use crate::run::cargo::Built;
use crate::run::executor::{jobs_of, run_all};
use crate::verdict::outcome::Outcome;

/// How often the reference runs each test on real threads. A model explores all there is: it says nothing new the second time.
const REPETITIONS: usize = 3;

/// The reference passes every test, each time; its models explore all there is; the lock is
/// right. Each test has run `before` so often already, and passed or is another gate's problem.
pub fn gate(
    runner: &Runner,
    lesson: &Lesson,
    references: &Built,
    before: usize,
    record: bool,
) -> Result<Gate> {
    let package = lesson.solution_package();
    let mut problems = references.said_of(&package);
    let mut jobs = jobs_of(runner, references.tests_of(&package))?;
    if jobs.is_empty() && problems.is_empty() {
        problems.push(format!("no test was built: {}", references.last_words()));
    }
    let there: BTreeSet<String> = jobs.iter().map(|job| job.canonical.clone()).collect();
    let (mut interleavings, mut slowest) = (0, 0.0_f64);
    let mut complained = BTreeSet::new();
    let mut models = BTreeSet::new();
    for _ in before..REPETITIONS {
        jobs.retain(|job| !models.contains(&job.canonical));
        for raw in run_all(runner, &jobs) {
            slowest = slowest.max(raw.seconds);
            let problem = match Outcome::of(&raw, &lesson.file_name()) {
                Outcome::Passed(coverage) => {
                    if !coverage.is_empty() {
                        models.insert(raw.name.clone());
                    }
                    interleavings += coverage.iter().map(|one| one.interleavings).sum::<usize>();
                    let partly = coverage.into_iter().find(|one| !one.is_exhaustive());
                    partly.map(|one| format!("does not explore all: {one}; make the model smaller"))
                }
                Outcome::Failed(failure) => {
                    Some(format!("fails: {}\n{}", failure.reason, failure.report))
                }
                Outcome::NotWritten(todo) => Some(format!("comes to a todo!(): {}", todo.text)),
                Outcome::NotRun => Some("did not run".to_owned()),
            };
            if let Some(problem) = problem.filter(|_| complained.insert(raw.name.clone())) {
                problems.push(format!("{} {problem}", raw.name));
            }
        }
    }
    if problems.is_empty() {
        problems.extend(lock::check(&runner.workspace, lesson, &there, record)?);
    }
    let explored = match interleavings {
        0 => String::new(),
        n => format!(", {n} interleavings"),
    };
    let note = format!(
        "{} tests, those on threads {REPETITIONS} times{explored}, slowest {slowest:.1} s",
        there.len()
    );
    Ok(Gate::new(&lesson.name, "reference", problems, note))
}
