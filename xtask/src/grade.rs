//! Grading: what learners wrote, against the pristine tests.
//!
//! Of a submission only the one file of each lesson is used that a learner edits. Everything else comes from the
//! pristine side: the manifest, the wiring and the tests from [`solutions/…/pristine`](crate::verify::pristine),
//! the stub and the list of tests from the solution, the harness and the dependencies from the workspace. The two
//! sides may be one checkout. Then edited tests are found and not used, but who edits the copies, the harness or
//! the runner as well is not found out. With two checkouts only the file itself is the learner's. It still runs as
//! a program of whoever grades: this is no sandbox.

mod partition;
mod report;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

pub use partition::Partition;
pub use report::Report;

use crate::run::cargo::Built;
use crate::run::{self, Ran, Setup, executor};
use crate::tests_of;
use crate::verdict::{Sum, Verdict};
use crate::verify::builds::{jobs_of, last_words, said_of};
use crate::verify::pristine::{self, Change};
use crate::verify::scratch::{self, Scratch};
use crate::workspace::{Lesson, Workspace};

/// A lesson, and what its learner made of it.
pub struct Graded<'a> {
    /// The lesson.
    pub lesson: &'a Lesson,
    /// What differs from the pristine copies, from the submission's root.
    pub tampered: Vec<(PathBuf, Change)>,
    /// How many tests the lesson has.
    pub tests: usize,
    /// Whether the learner's file is the reference, letter by letter.
    pub is_reference: bool,
    /// What became of the learner's file.
    pub work: Work,
}

/// What became of a learner's file.
pub enum Work {
    /// It is the stub, or it is not there.
    NotAttempted,
    /// It cannot be read, or it does not compile; in words.
    NotBuilt(String),
    /// Its tests ran.
    Tested(Verdict),
}

impl Graded<'_> {
    /// Whether there is anything to grade.
    pub fn is_attempted(&self) -> bool {
        !matches!(self.work, Work::NotAttempted)
    }

    /// Whether all tests pass.
    pub fn is_done(&self) -> bool {
        matches!(&self.work, Work::Tested(verdict) if verdict.sum() == Sum::Passes)
    }
}

/// A lesson whose learner's file, if there is one to grade, is in the scratch.
pub struct Submitted<'a> {
    lesson: &'a Lesson,
    tampered: Vec<(PathBuf, Change)>,
    unreadable: Option<String>,
    attempted: bool,
    is_reference: bool,
}

impl<'a> Submitted<'a> {
    /// Compares the submission under `root` with the pristine `lesson`, and adds the learner's file to the scratch.
    ///
    /// # Errors
    ///
    /// A pristine file cannot be read, or the scratch cannot be written.
    pub fn read(
        pristine: &Workspace,
        scratch: &mut Scratch,
        lesson: &'a Lesson,
        root: &Path,
    ) -> Result<Self> {
        let mut submitted = Self {
            lesson,
            tampered: Vec::new(),
            unreadable: None,
            attempted: false,
            is_reference: false,
        };
        let folder = root.join(&lesson.exercise);
        match pristine::changes(lesson, &pristine.path(lesson.pristine()), &folder) {
            Ok(changes) => submitted.tampered.extend(
                changes
                    .into_iter()
                    .map(|(path, change)| (lesson.exercise.join(path), change)),
            ),
            // What cannot be read differs from what can. The copies are used all the same.
            Err(_) => submitted
                .tampered
                .push((lesson.exercise.clone(), Change::Edited)),
        }
        let file = root.join(lesson.file());
        if !file.is_file() {
            submitted.tampered.push((lesson.file(), Change::Deleted));
            return Ok(submitted);
        }
        let written = match fs::read(&file) {
            Ok(written) => written,
            Err(error) => {
                submitted.unreadable = Some(format!("cannot read {}: {error}", file.display()));
                submitted.attempted = true;
                return Ok(submitted);
            }
        };
        let is = |path: PathBuf| {
            fs::read(pristine.path(path)).is_ok_and(|text| pristine::same_text(&written, &text))
        };
        submitted.attempted = !is(lesson.stub());
        submitted.is_reference = is(lesson.reference());
        if submitted.attempted {
            scratch.add_graded(pristine, lesson, written)?;
        }
        Ok(submitted)
    }

    /// Whether there is anything to build.
    pub fn is_attempted(&self) -> bool {
        self.attempted
    }

    /// Runs the tests that were built. Whatever goes wrong with them is this lesson's affair alone.
    pub fn grade(self, setup: &Setup, pristine: &Workspace, built: &Built) -> Graded<'a> {
        let Self {
            lesson,
            tampered,
            unreadable,
            attempted,
            is_reference,
        } = self;
        let expected = tests_of::expected(pristine, lesson);
        let work = match unreadable {
            _ if !attempted => Work::NotAttempted,
            Some(problem) => Work::NotBuilt(problem),
            None => match test(setup, lesson, built, &expected) {
                Ok(verdict) => Work::Tested(verdict),
                Err(said) => Work::NotBuilt(real_places(&said, lesson)),
            },
        };
        Graded {
            lesson,
            tampered,
            tests: expected.len(),
            is_reference,
            work,
        }
    }
}

/// The verdict on a lesson; an error is what stands against there being one.
fn test(
    setup: &Setup,
    lesson: &Lesson,
    built: &Built,
    expected: &[String],
) -> Result<Verdict, String> {
    let package = scratch::graded_package(lesson);
    let said = said_of(built, &package);
    let errors: Vec<_> = said
        .into_iter()
        .filter(|said| said.starts_with("error"))
        .collect();
    if !errors.is_empty() {
        return Err(errors.join("\n\n"));
    }
    let jobs = jobs_of(setup, built, &package).map_err(|error| format!("{error:#}"))?;
    if jobs.is_empty() {
        return Err(format!("no test was built: {}", last_words(built)));
    }
    let tests = executor::run(setup, &jobs, &run::LESSON);
    let ran = Ran {
        cut_short: tests.len() < jobs.len(),
        tests,
        warnings: 0,
    };
    Ok(Verdict::new(&ran, &lesson.file_name(), expected, None))
}

/// What a test or rustc said, with the learner's own paths in place of the scratch's.
fn real_places(said: &str, lesson: &Lesson) -> String {
    said.replace(
        &*scratch::graded_folder(lesson).to_string_lossy(),
        &lesson.exercise.to_string_lossy(),
    )
}
