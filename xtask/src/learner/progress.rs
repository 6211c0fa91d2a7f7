//! What the learner has done, in `.kata/progress.toml`. It can always be derived again from the code
//! (`cargo xtask list --check`): a lesson is done while its sources are those that passed.

mod fingerprint;
mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::course::content::{same_but_for_layout, sha256};
use crate::course::{Lesson, Workspace, stub};

pub use fingerprint::fingerprint;
pub use store::{FOLDER, Store, versions_folder};

/// The layout of the file. A file of a later runner is left alone.
const VERSION: u32 = 3;

/// What the runner remembers of the lessons.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    version: u32,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    lessons: BTreeMap<String, Record>,
}

/// What the runner remembers of one lesson.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// How many of its hints were shown.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hints: usize,
    /// Whether its reference was shown before it passed: the learner is asked once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reference_shown: bool,
    /// Whether the reference took the place of the learner's file, and nothing was put back since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub swapped: bool,
    /// The last time that it passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<Passed>,
    /// The names of its mistakes that were tried.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tried: BTreeSet<String>,
}

/// The sources that passed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passed {
    /// The [`fingerprint()`] of the sources.
    pub source: String,
    /// When, in UTC.
    pub at: String,
    /// How many tests ran.
    pub tests: usize,
    /// How many interleavings the models explored. Runners before version 3 did not note it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub interleavings: usize,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// How far a learner is with a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The reference is in place of the learner's file.
    Swapped,
    /// These very sources passed all tests.
    Done,
    /// Others did: run it again.
    Changed,
    /// The file is not the stub any more.
    Attempted,
    /// The file is the stub.
    NotBegun,
}

impl Progress {
    /// What the runner remembers of `lesson`.
    pub fn of(&self, lesson: &Lesson) -> Option<&Record> {
        self.lessons.get(&lesson.name)
    }

    /// What the runner remembers of `lesson`, to be changed.
    pub fn of_mut(&mut self, lesson: &Lesson) -> &mut Record {
        self.lessons.entry(lesson.name.clone()).or_default()
    }

    /// How far the learner is with `lesson`.
    pub fn state(&self, workspace: &Workspace, lesson: &Lesson) -> Result<State> {
        if self.is_swapped(workspace, lesson) {
            return Ok(State::Swapped);
        }
        let passed = self.of(lesson).and_then(|record| record.passed.as_ref());
        Ok(match passed {
            Some(passed) if passed.source == fingerprint(workspace, lesson)? => State::Done,
            Some(_) => State::Changed,
            None if is_attempted(workspace, lesson) => State::Attempted,
            None => State::NotBegun,
        })
    }

    /// Whether the reference is in place of the learner's file, however it is laid out; or what became of it after a
    /// swap. A file that the learner brought back without the runner is the learner's.
    pub fn is_swapped(&self, workspace: &Workspace, lesson: &Lesson) -> bool {
        let Ok(file) = fs::read(workspace.path(lesson.file())) else {
            return false;
        };
        let reference = fs::read(workspace.path(lesson.reference()));
        reference.is_ok_and(|reference| same_but_for_layout(&file, &reference))
            || self.of(lesson).is_some_and(|record| record.swapped)
                && is_attempted(workspace, lesson)
                && !versions_folder(workspace, lesson)
                    .join(format!("{}.rs", sha256(&file)))
                    .exists()
    }

    /// The lesson to work on: the first that is not done.
    pub fn current<'a>(&self, workspace: &'a Workspace) -> Result<Option<&'a Lesson>> {
        for lesson in &workspace.lessons {
            if self.state(workspace, lesson)? != State::Done {
                return Ok(Some(lesson));
            }
        }
        Ok(None)
    }
}

/// Whether the file exists and the learner has changed it: it is not the stub any more.
pub fn is_attempted(workspace: &Workspace, lesson: &Lesson) -> bool {
    let file = fs::read(workspace.path(lesson.file()));
    let stub = stub::read(workspace, lesson);
    matches!((file, stub), (Ok(file), Ok(stub)) if !same_but_for_layout(&file, stub.as_bytes()))
}
