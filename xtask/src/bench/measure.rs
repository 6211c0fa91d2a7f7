//! Builds a lesson's bench and runs it, with the learner's file if that can be.

use std::io::{IsTerminal, Write};

use anyhow::{Context, Result, bail};

use super::divan::{self, Leaf};
use super::ratios::{Case, cases};
use super::{BENCH, Comparison, MAX_TIME, MIN_TIME, ROUND, ROUNDS, Yours};
use crate::course::{Lesson, Workspace, lesson_tests};
use crate::run::cargo::{self, Binary, Built, first_error};
use crate::run::{Runner, executor};
use crate::scratch::{self, Scratch};
use crate::term::note;
use crate::verdict::outcome::Outcome;

/// Measures the lesson's bench and says on stderr what it is at.
///
/// # Errors
///
/// The bench can neither be built nor run, not even with the stub in place of the learner's file.
pub fn measure(runner: &Runner, lesson: &Lesson) -> Result<Comparison> {
    let mut command = runner.cargo(&runner.workspace.root);
    let package = lesson.solution_package();
    command.args(["bench", "--no-run", "--bench", BENCH, "--package", &package]);
    let built = cargo::build(runner, command, true)?;
    let Some(binary) = bench_of(&built, &package) else {
        return Ok(Comparison {
            rounds: ROUNDS,
            yours: Yours::DoesNotCompile(first_error(&built.said)),
            cases: without_yours(runner, lesson)?,
        });
    };
    let measured = rounds(runner, lesson, &binary, "")?;
    let with_yours = cases(&measured.rounds);
    let cases = match &measured.stopped {
        Some(_) if measured.complete == 0 => merge(&with_yours, without_yours(runner, lesson)?),
        _ => with_yours,
    };
    if cases.is_empty() {
        bail!(
            "the bench of {} measured nothing that can be compared. If you changed {}, `git checkout` brings it back.",
            lesson.name,
            lesson.solution.display()
        );
    }
    let yours = match measured.stopped {
        Some(yours) => yours,
        None if cases.iter().any(Case::has_yours) => Yours::Measured,
        None => left_out(&runner.workspace, lesson),
    };
    Ok(Comparison { rounds: ROUNDS, yours, cases })
}

/// The cases that yours was measured in, and the others without it.
fn merge(with_yours: &[Case], others: Vec<Case>) -> Vec<Case> {
    let others = others.into_iter();
    let merged = others.map(|other| {
        let is_it = |case: &&Case| case.name == other.name && case.has_yours();
        with_yours.iter().find(is_it).cloned().unwrap_or(other.clone())
    });
    merged.collect()
}

/// Why the bench left yours out.
fn left_out(workspace: &Workspace, lesson: &Lesson) -> Yours {
    let source = std::fs::read_to_string(workspace.path(lesson.file())).unwrap_or_default();
    match lesson_tests::todos(&source).first() {
        Some((line, _)) => Yours::NotWritten(format!("{}:{line}", lesson.file_name())),
        None => Yours::LeftOut,
    }
}

/// The bench with the stub in place of the learner's file.
fn without_yours(runner: &Runner, lesson: &Lesson) -> Result<Vec<Case>> {
    let mut scratch = Scratch::new(runner)?;
    scratch.add_stub(lesson)?;
    scratch.add_bench(lesson)?;
    let built = scratch.build_bench(lesson, BENCH)?;
    let (name, solution) = (&lesson.name, lesson.solution.display());
    let restore = format!(
        "the bench of {name} does not run without yours either. If you changed {solution}, `git checkout` brings it back"
    );
    let Some(binary) = bench_of(&built, &scratch::bench_package(lesson)) else {
        return Err(anyhow::Error::msg(built.said)).context(restore);
    };
    let measured = rounds(runner, lesson, &binary, " without yours")?;
    match measured.stopped {
        Some(stopped) => Err(anyhow::anyhow!("it stops: {stopped:?}")).context(restore),
        None => Ok(cases(&measured.rounds)),
    }
}

fn bench_of(built: &Built, package: &str) -> Option<Binary> {
    let all = built.binaries.iter().chain(&built.executables);
    let mut of_package = all.filter(|binary| binary.package == package);
    let bench = of_package.find(|binary| binary.target.as_deref() == Some(BENCH));
    bench.filter(|_| built.success).cloned()
}

/// What several rounds came to.
struct Measured {
    rounds: Vec<Vec<Leaf>>,
    /// How many of them came to their end.
    complete: usize,
    /// Why the last one did not.
    stopped: Option<Yours>,
}

/// Runs the bench round by round, until one does not come to its end. `how` is said with what it is at.
fn rounds(runner: &Runner, lesson: &Lesson, binary: &Binary, how: &str) -> Result<Measured> {
    let mut status = Status::new(format!("measuring {}{how}", lesson.name));
    let mut measured = Measured { rounds: Vec::new(), complete: 0, stopped: None };
    let arguments = ["--bench", "--min-time", MIN_TIME, "--max-time", MAX_TIME];
    for round in 1..=ROUNDS {
        status.show(round, "");
        let raw = executor::program(runner, binary, &arguments, ROUND, |stdout| {
            if let Some(row) = divan::at_work(stdout) {
                status.show(round, &row);
            }
        })?;
        measured.rounds.push(divan::parse(&raw.stdout));
        if raw.success {
            measured.complete += 1;
            continue;
        }
        measured.stopped = Some(match Outcome::of(&raw, &lesson.file_name()) {
            Outcome::NotWritten(todo) => Yours::NotWritten(todo.place()),
            Outcome::Failed(failure) => Yours::Stopped(match divan::at_work(&raw.stdout) {
                Some(row) => format!("{} ({row})", failure.reason),
                None => failure.reason,
            }),
            Outcome::Passed(_) | Outcome::NotRun => Yours::Stopped(String::new()),
        });
        break;
    }
    Ok(measured)
}

/// What is being measured: on a terminal in a line that goes away again, else said once.
struct Status {
    what: String,
    on_terminal: bool,
    shown: String,
}

impl Status {
    fn new(what: String) -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        if !on_terminal {
            note(&format!(" {what} in {ROUNDS} rounds; this takes some seconds"));
        }
        Self { what, on_terminal, shown: String::new() }
    }

    fn show(&mut self, round: usize, row: &str) {
        let dots = if row.is_empty() { "" } else { ": " };
        let text = format!(" {}, round {round} of {ROUNDS}{dots}{row}", self.what);
        if self.on_terminal && text != self.shown {
            self.write(&text);
            self.shown = text;
        }
    }

    fn write(&self, text: &str) {
        let mut stderr = std::io::stderr();
        let _ = write!(stderr, "\r\x1b[K{text}").and_then(|()| stderr.flush());
    }
}

impl Drop for Status {
    fn drop(&mut self) {
        if !self.shown.is_empty() {
            self.write("");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::divan::{parse, tests::WAIT_GROUP};
    use super::*;

    #[test]
    fn cases_with_yours_are_kept_and_the_others_come_from_the_second_run() {
        let others = cases(&[parse(WAIT_GROUP)]);
        // Stopped in the second case: the first has yours.
        let table = WAIT_GROUP.replacen(
            "yours      (ignored)     │               │               │",
            "yours      42.24 ns      │ 42.24 ns      │ 42.24 ns      │",
            2,
        );
        let (until, _) = table.split_once("├─ fan_in").expect("it is there");
        let (until, _) = until.rsplit_once("│  ╰─ yours").expect("it is there");
        let merged = merge(&cases(&[parse(until)]), others.clone());
        assert_eq!(merged.len(), others.len());
        assert_eq!(merged[0].rows[0].ratio.ratio, 2.0);
        assert_eq!(merged[1..], others[1..]);
    }
}
