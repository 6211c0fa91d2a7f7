//! The gate of the README's dry run: it is what the reference shows now.

use std::fs;

use anyhow::{Context, Result};
use harness_base::protocol::find_dry_runs;

use super::{Gate, hunks};
use crate::course::Lesson;
use crate::course::lesson_tests::{self, MODELS};
use crate::course::readme::Block;
use crate::learner::files::write_atomically;
use crate::run::Runner;
use crate::run::cargo::Built;
use crate::run::executor::{NoJob, job_of, run_all};
use crate::run::report_page::{Passing, ReportPage};
use crate::verdict::outcome::Outcome;

/// The README's dry run is that of the test that it names, run with the reference; with `record` it is made so.
pub fn gate(runner: &Runner, lesson: &Lesson, references: &Built, record: bool) -> Result<Gate> {
    let path = runner.workspace.path(lesson.readme());
    let readme = fs::read_to_string(&path);
    let found =
        readme.map_err(|error| format!("README.md cannot be read: {error}")).and_then(|readme| {
            match Block::find(&readme) {
                Ok(block) => Ok((readme, block)),
                Err(missing) => Err(format!("README.md: {missing}")),
            }
        });
    let shown = match &found {
        Ok((_, block)) => picture(runner, lesson, references, &block.model)?,
        Err(_) => Ok(String::new()),
    };
    let result = found.and_then(|(readme, block)| Ok((readme, block, shown?)));
    let result = match result {
        Ok((_, block, picture)) if picture == block.picture => Ok(block),
        Ok((readme, block, picture)) if record => {
            write_atomically(&path, block.replace(&readme, &picture).as_bytes())
                .with_context(|| format!("cannot write {}", path.display()))?;
            Ok(block)
        }
        Ok((_, block, picture)) => Err(drift(lesson, &block, &picture)),
        Err(problem) => Err(problem),
    };
    let (problems, note) = match result {
        Ok(block) => (Vec::new(), format!("of {}", block.model)),
        Err(problem) => (vec![problem], String::new()),
    };
    Ok(Gate::new(&lesson.name, "dry run", problems, note))
}

/// What the reference shows when it runs the test: the first of its models.
fn picture(
    runner: &Runner,
    lesson: &Lesson,
    references: &Built,
    model: &str,
) -> Result<Result<String, String>> {
    let runner = runner.clone().with_report(ReportPage::PLAIN.with(Passing::BareDryRun));
    let package = lesson.solution_package();
    let test = format!("{MODELS}{model}");
    let job = match job_of(&runner, references, &package, None, &test)? {
        Ok(job) => job,
        Err(NoJob::NotBuilt) => {
            return Ok(Err(format!(
                "the reference's models were not built: {}",
                references.last_words()
            )));
        }
        Err(NoJob::NoSuchTest) => {
            return Ok(Err(format!(
                "README.md names the test `{model}`, which src/race_freedom.rs does not have. It has {}",
                lesson_tests::models(&runner.workspace, lesson).join(", ")
            )));
        }
    };
    let raws = run_all(&runner, &[job]);
    let Some(raw) = raws.first() else {
        return Ok(Err(format!("{test} did not run")));
    };
    Ok(match Outcome::of(raw, &lesson.file_name()) {
        Outcome::Passed(_) => find_dry_runs(&raw.stdout).into_iter().next().ok_or_else(|| {
            format!(
                "{test} passes and shows no dry run: name a test in README.md that runs a model"
            )
        }),
        Outcome::Failed(failure) => Err(format!("{test} fails: {}", failure.reason)),
        Outcome::NotWritten(todo) => Err(format!("{test} comes to a todo!(): {}", todo.text)),
        Outcome::NotRun => Err(format!("{test} did not run")),
    })
}

/// Where the README and the reference differ, and what to do.
fn drift(lesson: &Lesson, block: &Block, picture: &str) -> String {
    let lines = hunks(&block.picture, picture);
    format!(
        "README.md does not show what {MODELS}{} does now. From what it shows to what it should show:\n{}\n\
         If the code is right: cargo xtask verify {} --record",
        block.model, lines, lesson.name,
    )
}
