//! Grading: what learners wrote, against the tests as they were shipped.
//!
//! Of a submission only the one file of each lesson is used that a learner edits. The manifest, the wiring and the
//! tests are [`Originals`]; the stub and the list of tests come from the solution, the harness and the dependencies
//! from the workspace. With two checkouts, all of that is the course's, and only the file itself is the learner's.
//! In a single checkout the lock says which originals were shipped: edited tests are found out, put back from git for
//! the build, or not scored. A learner who edits the lock, the harness or the runner as well is not found out. The
//! file still runs as a program of the person who grades: this is no sandbox.
//!
//! May use [`view`](crate::view) and the rooms below it.

mod originals;
mod partition;
mod report;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

pub use originals::Originals;
pub use partition::Partition;
pub use report::Report;

use crate::course::content::same_but_for_layout;
use crate::course::shipped::{self, Change};
use crate::course::{Lesson, Workspace, lesson_tests, stub};
use crate::run::cargo::Built;
use crate::run::{Ran, Runner, executor};
use crate::scratch::{self, Scratch};
use crate::verdict::{Conclusion, Verdict};

/// A lesson, and what its learner made of it.
pub struct Graded<'a> {
    /// The lesson.
    pub lesson: &'a Lesson,
    /// What differs from the originals, from the submission's root.
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
    /// It is the stub.
    NotAttempted,
    /// It is not there; in words.
    NoFile(String),
    /// It cannot be read, or it does not compile; in words.
    NotBuilt(String),
    /// These files, from the root, are not what was shipped, and the originals are not found.
    NotScored(Vec<PathBuf>),
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
        matches!(&self.work, Work::Tested(verdict) if verdict.conclusion() == Conclusion::Passes)
    }
}

/// A lesson whose learner's file, if there is one to grade, is in the scratch.
pub struct Submitted<'a> {
    lesson: &'a Lesson,
    tampered: Vec<(PathBuf, Change)>,
    missing: Vec<PathBuf>,
    unreadable: Option<Work>,
    attempted: bool,
    is_reference: bool,
}

impl<'a> Submitted<'a> {
    /// Compares the submission under `root` with the originals, and adds the learner's file to the scratch. Stub and
    /// reference are those of `course`.
    pub fn read(
        course: &Workspace,
        scratch: &mut Scratch<'_>,
        lesson: &'a Lesson,
        originals: Originals,
        root: &Path,
    ) -> Result<Self> {
        let mut submitted = Self {
            lesson,
            tampered: Vec::new(),
            missing: originals.missing,
            unreadable: None,
            attempted: false,
            is_reference: false,
        };
        let folder = root.join(&lesson.exercise);
        let modules = Path::new("src").join(&lesson.name);
        let mut files = originals.found;
        match shipped::digests(&folder, &lesson.file_name()) {
            Ok(there) => {
                for (path, change) in shipped::changes(&originals.digests, &there) {
                    // A module of the learner's file. Nothing that was shipped refers to it.
                    if change == Change::Added && path.starts_with(&modules) {
                        files.extend(fs::read(folder.join(&path)).map(|text| (path, text)));
                    } else {
                        let path = lesson.exercise.join(path);
                        submitted.tampered.push((path, change));
                    }
                }
            }
            // What cannot be read differs from what can. The originals are used all the same.
            Err(_) => submitted.tampered.push((lesson.exercise.clone(), Change::Edited)),
        }
        if let Some(missing) = lesson.missing_file(root) {
            submitted.unreadable = Some(Work::NoFile(missing));
            submitted.attempted = true;
            return Ok(submitted);
        }
        let file = root.join(lesson.file());
        let written = match fs::read(&file) {
            Ok(written) => written,
            Err(error) => {
                let problem = format!("cannot read {}: {error}", file.display());
                submitted.unreadable = Some(Work::NotBuilt(problem));
                submitted.attempted = true;
                return Ok(submitted);
            }
        };
        let stub = stub::read(course, lesson);
        submitted.attempted =
            !stub.is_ok_and(|text| same_but_for_layout(&written, text.as_bytes()));
        let reference = fs::read(course.path(lesson.reference()));
        submitted.is_reference = reference.is_ok_and(|text| same_but_for_layout(&written, &text));
        if submitted.is_to_build() {
            scratch.add_graded(lesson, files, written)?;
        }
        Ok(submitted)
    }

    /// Whether there is anything to build.
    pub fn is_to_build(&self) -> bool {
        self.attempted && self.unreadable.is_none() && self.missing.is_empty()
    }

    /// Runs the tests that were built. Whatever goes wrong with them is this lesson's affair alone.
    pub fn grade(self, runner: &Runner, built: &Built) -> Graded<'a> {
        let Self { lesson, tampered, missing, unreadable, attempted, is_reference } = self;
        let expected = lesson_tests::expected(&runner.workspace, lesson);
        let work = match unreadable {
            _ if !attempted => Work::NotAttempted,
            Some(problem) => problem,
            None if !missing.is_empty() => Work::NotScored(missing),
            None => match test(runner, lesson, built, &expected) {
                Ok(verdict) => Work::Tested(verdict),
                Err(said) => Work::NotBuilt(real_places(&said, lesson)),
            },
        };
        Graded { lesson, tampered, tests: expected.len(), is_reference, work }
    }
}

/// The verdict on a lesson; an error is what stands against there being one.
fn test(
    runner: &Runner,
    lesson: &Lesson,
    built: &Built,
    expected: &[String],
) -> Result<Verdict, String> {
    let package = scratch::graded_package(lesson);
    let said = built.said_of(&package);
    let errors = said.into_iter().filter(|said| said.starts_with("error"));
    let errors: Vec<_> = errors.collect();
    if !errors.is_empty() {
        return Err(errors.join("\n\n"));
    }
    // A grade is worth a process for each test.
    let ran = executor::lesson(runner, built.tests_of(&package), expected, None, false);
    let (tests, cut_short) = ran.map_err(|error| format!("{error:#}"))?;
    if tests.is_empty() && !cut_short {
        return Err(format!("no test was built: {}", built.last_words()));
    }
    let ran = Ran { cut_short, tests, ..Ran::default() };
    Ok(Verdict::new(&ran, &lesson.file_name(), expected, None))
}

/// What a test or rustc said, with the learner's own paths in place of the scratch's.
fn real_places(said: &str, lesson: &Lesson) -> String {
    said.replace(
        &*scratch::graded_folder(lesson).to_string_lossy(),
        &lesson.exercise.to_string_lossy(),
    )
}
