//! The gate of the reference, and what is recorded of its tests.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result};

use super::builds::{jobs_of, last_words, run_all, said_of};
use super::{Gate, pristine};
use crate::files::write_atomically;
use crate::outcome::Outcome;
use crate::run::Setup;
use crate::run::cargo::Built;
use crate::tests_of;
use crate::workspace::{Lesson, Workspace};

/// How often the reference runs each test.
const REPETITIONS: usize = 3;

/// The reference passes every test, each time; its models explore all there is; the list of tests and the copies of
/// them are right.
pub fn gate(
    setup: &Setup,
    workspace: &Workspace,
    lesson: &Lesson,
    references: &Built,
    record: bool,
) -> Result<Gate> {
    let package = lesson.solution_package();
    let mut problems = said_of(references, &package);
    let jobs = jobs_of(setup, references, &package)?;
    if jobs.is_empty() && problems.is_empty() {
        problems.push(format!("no test was built: {}", last_words(references)));
    }
    let (mut interleavings, mut slowest) = (0, 0.0_f64);
    let mut complained = BTreeSet::new();
    for repetition in 0..REPETITIONS {
        for raw in run_all(setup, &jobs) {
            slowest = slowest.max(raw.seconds);
            let problem = match Outcome::of(&raw, &lesson.file_name()) {
                Outcome::Passed(coverage) => {
                    if repetition == 0 {
                        interleavings += coverage
                            .iter()
                            .map(|coverage| coverage.interleavings)
                            .sum::<usize>();
                    }
                    let partly = coverage.into_iter().find(|coverage| !coverage.exhaustive);
                    partly.map(|coverage| {
                        format!("does not explore all: {coverage}; make the model smaller")
                    })
                }
                Outcome::Wrong(wrong) => Some(format!("fails: {}\n{}", wrong.reason, wrong.report)),
                Outcome::NotWritten(todo) => Some(format!("comes to a todo!(): {}", todo.text)),
                Outcome::NotRun => Some("did not run".to_owned()),
            };
            if let Some(problem) = problem.filter(|_| complained.insert(raw.name.clone())) {
                problems.push(format!("{} {problem}", raw.name));
            }
        }
    }
    let there: BTreeSet<String> = jobs.iter().map(|job| job.canonical.clone()).collect();
    if problems.is_empty() {
        problems.extend(check_test_list(workspace, lesson, &there, record)?);
        problems.extend(pristine::check(workspace, lesson, record)?);
    }
    let models = if interleavings > 0 {
        format!(", {interleavings} interleavings")
    } else {
        String::new()
    };
    let note = format!(
        "{} tests, {REPETITIONS} times{models}, slowest {slowest:.1} s",
        there.len()
    );
    Ok(Gate::new(&lesson.name, "reference", problems, note))
}

/// A `tests.txt`.
pub fn test_list<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let mut text = String::from(
        "# The tests that the reference passes: a lesson is done when all of these pass.\n\
         # Written by `cargo xtask verify --record`, checked by `cargo xtask verify`.\n",
    );
    names.into_iter().for_each(|name| text.extend([name, "\n"]));
    text
}

/// Whether `tests.txt` names the tests that the reference passed; writes it where that is asked for.
fn check_test_list(
    workspace: &Workspace,
    lesson: &Lesson,
    there: &BTreeSet<String>,
    record: bool,
) -> Result<Vec<String>> {
    let path = workspace.path(lesson.test_list());
    let listed = fs::read_to_string(&path)
        .map(|text| tests_of::parse_list(&text))
        .unwrap_or_default();
    if there.iter().eq(listed.iter().collect::<BTreeSet<_>>()) {
        return Ok(Vec::new());
    }
    if record {
        // In the order of the files, which is the order to work in; what they do not show comes last.
        let in_sources = tests_of::in_sources(workspace, lesson);
        let mut names: Vec<&String> = there.iter().collect();
        names.sort_by_key(|name| {
            in_sources
                .iter()
                .position(|other| other == *name)
                .unwrap_or(usize::MAX)
        });
        write_atomically(&path, test_list(names).as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
        return Ok(Vec::new());
    }
    let command = format!("cargo xtask verify {} --record", lesson.name);
    if listed.is_empty() {
        return Ok(vec![format!(
            "there is no {}: {command}",
            lesson.test_list().display()
        )]);
    }
    let listed: BTreeSet<String> = listed.into_iter().collect();
    let mut problems: Vec<String> = there
        .difference(&listed)
        .map(|name| format!("tests.txt has no {name}"))
        .collect();
    problems.extend(
        listed
            .difference(there)
            .map(|name| format!("tests.txt has {name}, which is no test")),
    );
    problems.push(format!("if the tests are right: {command}"));
    Ok(problems)
}
