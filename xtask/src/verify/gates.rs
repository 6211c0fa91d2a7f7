//! The gates of one lesson, in the order of the table.

use std::fs;

use anyhow::Result;

use super::sanitizer::{self, Sanitizer};
use super::{Gate, caught, dry_run, go, reference, texts};
use crate::course::lesson_tests::{FACADE_TEST, MODELS};
use crate::course::{Lesson, Status, Workspace, api, stub};
use crate::run::cargo::{self, Built};
use crate::run::executor::{jobs_of, run_all};
use crate::run::{Runner, TEST_TIMEOUT, executor};
use crate::scratch::mistake::{self, Mistake};
use crate::scratch::{self, Scratch};
use crate::verdict::outcome::Outcome;

/// The fewest mistakes of a lesson.
const MISTAKES: usize = 5;

/// Builds tests and tours of the references. `all`: they are those of all lessons.
pub fn build_references(runner: &Runner, verified: &[Verified<'_>], all: bool) -> Result<Built> {
    let mut command = runner.cargo_once(&runner.workspace.root);
    command.args(["build", "--tests", "--examples", "--keep-going"]);
    // With the rest of the workspace they are built already, for its own tests. By themselves they would be built once more:
    // what they depend on lacks the features that only the runner needs.
    let lessons = if all { &[] } else { verified };
    for verified in lessons {
        command.args(["--package", &verified.lesson.solution_package()]);
    }
    cargo::build(runner, command, false)
}

/// A lesson that is being verified: what could be said without a build.
pub struct Verified<'a> {
    /// The lesson.
    pub lesson: &'a Lesson,
    gates: Vec<Gate>,
    /// Whether the scratch has its stub and its bench.
    in_scratch: bool,
    mistakes: Vec<Mistake>,
    mistake_problems: Vec<String>,
}

impl<'a> Verified<'a> {
    /// Looks at texts and signatures, and adds stub, bench and mistakes to the scratch.
    pub fn read(
        workspace: &Workspace,
        scratch: &mut Scratch<'_>,
        lesson: &'a Lesson,
        shipped: bool,
    ) -> Result<Self> {
        if lesson.about.status == Some(Status::ToBeWritten) {
            return Self::to_be_written(workspace, scratch, lesson);
        }
        let name = &lesson.name;
        let mut problems = texts::problems(workspace, lesson);
        problems.extend(go::problems(workspace, lesson)?);
        let mut gates = vec![Gate::new(name, "texts", problems, "")];
        let read = |path: std::path::PathBuf| {
            fs::read_to_string(workspace.path(&path))
                .map_err(|error| format!("{} cannot be read: {error}", path.display()))
        };
        let stub = stub::read(workspace, lesson)
            .map_err(|error| format!("{} cannot be read: {error}", lesson.stub().display()));
        let reference = read(lesson.reference());
        let api = match (&stub, &reference) {
            (Ok(stub), Ok(reference)) => {
                api::differences(stub, reference).unwrap_or_else(|error| vec![error])
            }
            _ => {
                let texts = [&stub, &reference].into_iter();
                texts.filter_map(|text| text.clone().err()).collect()
            }
        };
        gates.push(Gate::new(name, "api", api, "stub and reference agree"));
        if shipped {
            let problems = match (fs::read(workspace.path(lesson.file())), &stub) {
                (Ok(file), Ok(stub)) if file == stub.as_bytes() => Vec::new(),
                _ => vec![format!(
                    "{0} differs from {1}; if it is what the lesson ships: sed 's/^/| /; s/ $//' {0} > {1}",
                    lesson.file().display(),
                    lesson.stub().display()
                )],
            };
            let note = "the exercise is its stub";
            gates.push(Gate::new(name, "shipped", problems, note));
        }

        let (mut mistakes, mut mistake_problems) =
            mistake::read_all(&workspace.path(lesson.mistakes()));
        if mistakes.len() + mistake_problems.len() < MISTAKES {
            mistake_problems
                .push(format!("{} mistakes; a lesson has at least {MISTAKES}", mistakes.len()));
        }
        let in_scratch = stub.is_ok() && reference.is_ok();
        if in_scratch {
            scratch.add_stub(lesson)?;
            scratch.add_bench(lesson)?;
        }
        mistakes.retain(|mistake| {
            let added = reference.clone().and_then(|reference| {
                let added = scratch.add_mistake(lesson, mistake, &reference);
                added.map_err(|error| format!("{error:#}"))
            });
            if let Err(problem) = &added {
                mistake_problems.push(format!("{}: {problem}", mistake.name));
            }
            added.is_ok()
        });
        Ok(Self { lesson, gates, in_scratch, mistakes, mistake_problems })
    }

    /// Whether the lesson is finished.
    pub fn is_written(&self) -> bool {
        self.lesson.about.status.is_none()
    }

    /// Of a lesson that is to be written only this much is wanted: that it builds.
    fn to_be_written(
        workspace: &Workspace,
        scratch: &mut Scratch<'_>,
        lesson: &'a Lesson,
    ) -> Result<Self> {
        let in_scratch = workspace.path(lesson.stub()).is_file();
        if in_scratch {
            scratch.add_stub(lesson)?;
            scratch.add_bench(lesson)?;
        }
        Ok(Self {
            lesson,
            gates: Vec::new(),
            in_scratch,
            mistakes: Vec::new(),
            mistake_problems: Vec::new(),
        })
    }

    /// Runs what was built. Each test of the reference has run `before` so often.
    pub fn gates(
        mut self,
        runner: &Runner,
        references: &Built,
        scratch: &Built,
        sanitizer: Option<&Sanitizer>,
        before: usize,
        record: bool,
    ) -> Result<Vec<Gate>> {
        let lesson = self.lesson;
        let name = &lesson.name;
        if lesson.about.status == Some(Status::ToBeWritten) {
            let gate = builds_gate(lesson, self.in_scratch, references, scratch);
            return Ok(vec![gate]);
        }
        let mut gates = std::mem::take(&mut self.gates);
        if self.in_scratch {
            gates.push(stub_gate(runner, lesson, scratch)?);
        } else {
            let problem = format!("there is no {}", lesson.stub().display());
            gates.push(Gate::new(name, "stub", vec![problem], ""));
        }
        gates.push(reference::gate(runner, lesson, references, before, record)?);
        gates.extend(sanitizer::gate(runner, lesson, sanitizer)?);
        gates.push(dry_run::gate(runner, lesson, references, record)?);
        gates.push(caught::gate(
            runner,
            lesson,
            &self.mistakes,
            self.mistake_problems,
            scratch,
            record,
        )?);
        gates.push(tour_gate(runner, lesson, references));
        if self.in_scratch {
            gates.push(bench_gate(lesson, scratch));
        }
        Ok(gates)
    }
}

/// Stub, reference and bench of a lesson that is to be written build without warnings.
fn builds_gate(lesson: &Lesson, in_scratch: bool, references: &Built, scratch: &Built) -> Gate {
    let mut problems = Vec::new();
    if !in_scratch {
        problems.push(format!("there is no {}", lesson.stub().display()));
    }
    for (built, package) in [
        (scratch, scratch::stub_package(lesson)),
        (scratch, scratch::bench_package(lesson)),
        (references, lesson.solution_package()),
    ] {
        let said = built.said_of(&package);
        if !built.has(&package) && said.is_empty() && in_scratch {
            problems.push(format!("nothing of {package} was built: {}", built.last_words()));
        }
        problems.extend(said);
    }
    Gate::new(&lesson.name, "builds", problems, "to be written")
}

/// The stub builds without warnings, and each of its tests fails through `todo!()` and ends. In a lesson to repair the
/// stub runs: each of its tests ends, none comes to a `todo!()`, and a model fails, whose dry run is where the learner
/// begins.
fn stub_gate(runner: &Runner, lesson: &Lesson, scratch: &Built) -> Result<Gate> {
    let package = scratch::stub_package(lesson);
    let mut problems = scratch.said_of(&package);
    let jobs = jobs_of(runner, scratch.tests_of(&package))?;
    if jobs.is_empty() && problems.is_empty() {
        problems.push(format!("no test was built: {}", scratch.last_words()));
    }
    let repair = lesson.about.repair;
    let (mut to_do, mut models_that_fail) = (0, 0);
    for raw in run_all(runner, &jobs) {
        let test = &raw.name;
        let outcome = Outcome::of(&raw, &lesson.file_name());
        if test == FACADE_TEST {
            if let Outcome::Failed(failure) = outcome {
                problems.push(format!("{test}: {}", failure.report));
            }
            continue;
        }
        to_do += usize::from(!repair || matches!(outcome, Outcome::Failed(_)));
        match outcome {
            Outcome::NotWritten(todo) if todo.hung => {
                problems.push(format!("{test} does not end after the todo!()"));
            }
            Outcome::NotWritten(_) if repair => {
                problems.push(format!("{test} comes to a todo!() in code that is to be repaired"));
            }
            Outcome::NotWritten(todo) if todo.text.is_empty() => {
                let problem = "comes to a todo!() that does not say what to do";
                problems.push(format!("{test} {problem}"));
            }
            Outcome::NotWritten(_) => {}
            Outcome::Passed(_) if repair => {}
            Outcome::Passed(_) => {
                problems.push(format!("{test} passes although nothing is written"));
            }
            Outcome::Failed(failure) if repair && failure.hung => {
                problems.push(format!("{test} does not end: {}", failure.reason));
            }
            Outcome::Failed(_) if repair => {
                models_that_fail += usize::from(test.starts_with(MODELS));
            }
            Outcome::Failed(failure) => {
                let reason = failure.reason;
                problems.push(format!("{test} fails otherwise than by todo!(): {reason}"))
            }
            Outcome::NotRun => problems.push(format!("{test} did not run")),
        }
    }
    if repair && models_that_fail == 0 && problems.is_empty() {
        problems.push("no model fails, so no dry run shows what is to be repaired".to_owned());
    }
    let note =
        if repair { format!("{to_do} tests to repair") } else { format!("{to_do} tests to do") };
    Ok(Gate::new(&lesson.name, "stub", problems, note))
}

/// The tour runs to its end.
fn tour_gate(runner: &Runner, lesson: &Lesson, references: &Built) -> Gate {
    let package = lesson.solution_package();
    let target = format!("{package}_tour");
    let mut executables = references.executables.iter();
    let tour = executables.find(|binary| binary.target.as_ref() == Some(&target));
    let problems = match tour {
        None => vec![format!("no example {target} was built: {}", references.last_words())],
        Some(tour) => match executor::program(runner, tour, &[], TEST_TIMEOUT, |_| ()) {
            Ok(raw) if raw.success => Vec::new(),
            Ok(raw) => vec![format!(
                "it does not run to its end:\n{}{}",
                raw.stdout,
                raw.stderr.trim_end()
            )],
            Err(error) => vec![format!("{error:#}")],
        },
    };
    Gate::new(&lesson.name, "tour", problems, "runs to its end")
}

/// The bench compiles, with the stub as the learner's part.
fn bench_gate(lesson: &Lesson, scratch: &Built) -> Gate {
    let package = scratch::bench_package(lesson);
    let mut problems = scratch.said_of(&package);
    if !scratch.has(&package) && problems.is_empty() {
        problems.push(format!("no bench was built: {}", scratch.last_words()));
    }
    Gate::new(&lesson.name, "bench", problems, "compiles")
}
