//! Every interleaving of a model, as data and as a page that a browser opens from the disk.
//!
//! The test writes down what its model explored, in a file: see `HARNESS_RUNS`. [`data`] describes that, and what the runner
//! adds; [`page`](mod@page) puts it into the page, whose text, style and script stand in the folder `page`.
//!
//! May use [`scratch`] and the rooms below it.

pub mod data;
mod page;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use crate::course::Lesson;
use crate::course::lesson_tests::{self, MODELS};
use crate::run::cargo::{self, Built, NotBuilt, Tests};
use crate::run::executor::{Limits, NoJob, job_of, run as run_tests};
use crate::run::report_page::ReportPage;
use crate::run::{Runner, TestRun};
use crate::scratch::mistake::Mistake;
use crate::scratch::{self, Scratch};
use crate::verdict::outcome::Outcome;
use data::{Explored, Nth, Recorded, Role, VERSION};
pub use page::page;

/// The longest that a test may take that writes down what it explores, which it does after its verdict.
const TIME_OUT: Duration = Duration::from_secs(60);

/// Whose code a model runs.
#[derive(Clone, Copy, Debug)]
pub enum Code<'a> {
    /// The learner's.
    Yours,
    /// The reference.
    Reference,
    /// The reference with a mistake in it.
    Mistake(&'a Mistake),
}

/// What came of a model.
#[derive(Debug)]
pub enum Came {
    /// It does not compile.
    NotBuilt(NotBuilt),
    /// The test is not there.
    NotThere,
    /// It ran: its verdict, and what it explored, if it runs a model.
    Ran(Outcome, Option<Box<Explored>>),
}

impl Code<'_> {
    /// What a page calls it.
    pub fn name(&self) -> String {
        match self {
            Code::Yours => "yours".to_owned(),
            Code::Reference => "the reference".to_owned(),
            Code::Mistake(mistake) => format!("the mistake {}", mistake.name),
        }
    }

    /// What the name of a file says of it.
    pub fn suffix(&self) -> String {
        match self {
            Code::Yours => String::new(),
            Code::Reference => ".solution".to_owned(),
            Code::Mistake(mistake) => format!(".{}", mistake.name),
        }
    }
}

/// Runs `model`, a race-freedom test of the lesson, with this code.
///
/// # Errors
///
/// Cargo or the test cannot be run, the mistake does not fit the reference, or what the model wrote cannot be read.
pub fn explore(runner: &Runner, lesson: &Lesson, model: &str, code: Code<'_>) -> Result<Came> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let runs = folder.path().join("model");
    let report = ReportPage { runs: Some(runs.clone()), ..runner.report.clone() };
    let runner = &runner.with_report(report);
    let test = format!("{MODELS}{model}");
    let (built, package, scratch) = match code {
        Code::Yours => {
            (cargo::build_tests(runner, &lesson.name, Tests::Models)?, lesson.name.clone(), None)
        }
        Code::Reference => {
            let package = lesson.solution_package();
            (cargo::build_tests(runner, &package, Tests::Models)?, package, None)
        }
        Code::Mistake(mistake) => {
            // Its models are built whichever test it says will catch it.
            let mistake = Mistake { caught_by: test.clone(), ..mistake.clone() };
            let built = with_mistake(runner, lesson, &mistake)?;
            let folder = scratch::mistake_folder(lesson, &mistake);
            (built, scratch::mistake_package(lesson, &mistake), Some(folder))
        }
    };
    let root = format!("{}{}", runner.workspace.root.display(), std::path::MAIN_SEPARATOR);
    let rename = |text: &str| {
        // What the scratch takes from the workspace it names in full.
        let text = text.replace(&root, "");
        match &scratch {
            Some(folder) => scratch::real_places(&text, lesson, folder),
            None => text,
        }
    };
    if !built.success {
        let mut failed = built.not_built();
        failed.said = rename(&failed.said);
        return Ok(Came::NotBuilt(failed));
    }
    let job = match job_of(runner, &built, &package, None, &test)? {
        Ok(job) => job,
        Err(NoJob::NotBuilt | NoJob::NoSuchTest) => return Ok(Came::NotThere),
    };
    let limits = Limits { one: TIME_OUT, all: TIME_OUT, at_once: 1 };
    let Some(raw) = run_tests(runner, &[job], &limits).pop() else {
        runner.control.check()?;
        return Ok(Came::NotThere);
    };
    runner.control.check()?;
    let raw = TestRun { stderr: rename(&raw.stderr), ..raw };
    let outcome = Outcome::of(&raw, &lesson.file_name());
    let recorded = read(&runs, matches!(outcome, Outcome::Failed(_)))?;
    let explored = recorded.map(|(model_of, recorded)| {
        let mut explored = Box::new(Explored {
            format: "explore",
            version: VERSION,
            lesson: lesson.name.clone(),
            test: model.to_owned(),
            about: lesson_tests::purpose(&runner.workspace, lesson, &test),
            code: code.name(),
            model: model_of,
            found: recorded.runs.first().and_then(|run| run.end.as_ref()).map(|_| 0),
            recorded,
        });
        explored.rename(rename);
        give_roles(&mut explored, lesson);
        explored
    });
    Ok(Came::Ran(outcome, explored))
}

fn with_mistake(runner: &Runner, lesson: &Lesson, mistake: &Mistake) -> Result<Built> {
    let source = runner.workspace.read(&lesson.reference())?;
    let mut scratch = Scratch::new(runner)?;
    scratch.add_mistake(lesson, mistake, &source).map_err(|error| {
        let (folder, name) = (lesson.mistakes(), &mistake.name);
        anyhow!(
            "{}/{name}.patch cannot be used: {error:#}.\n`git checkout` brings it back.",
            folder.display()
        )
    })?;
    scratch.build(true)
}

/// What the models of a test wrote to files whose names begin with `runs`: the first, or the last if the test failed, for
/// that one ended it.
fn read(runs: &Path, failed: bool) -> Result<Option<(Nth, Recorded)>> {
    let path = |number: usize| {
        let mut path = runs.to_owned().into_os_string();
        path.push(format!(".{number}.json"));
        PathBuf::from(path)
    };
    let of = (1..).take_while(|&number| path(number).is_file()).count();
    if of == 0 {
        return Ok(None);
    }
    let number = if failed { of } else { 1 };
    let text = fs::read_to_string(path(number)).context("cannot read what the model explored")?;
    let recorded = serde_json::from_str(&text)
        .context("what the model explored is written in a way that this runner does not know")?;
    Ok(Some((Nth { number, of }, recorded)))
}

/// Says of each file what it is. The lesson's own come first.
fn give_roles(explored: &mut Explored, lesson: &Lesson) {
    let is_own = |path: &Path| {
        path.starts_with(&lesson.exercise)
            || path.starts_with(&lesson.solution)
            || path == Path::new(&lesson.file_name())
    };
    for source in &mut explored.recorded.sources {
        let path = Path::new(&source.path);
        source.role = if path.file_name() == Some("race_freedom.rs".as_ref()) {
            Role::Model
        } else if is_own(path) {
            Role::Lesson
        } else {
            Role::Other
        };
    }
}
