//! The files that the tests of a lesson were shipped with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::course::shipped::{self, Digests, Lock, digest};
use crate::course::{Lesson, Workspace};

/// What the tests of a lesson are built from, but for the learner's file.
pub struct Originals {
    /// The digest of each file.
    pub digests: Digests,
    /// The files, as far as they are found.
    pub found: Vec<(PathBuf, Vec<u8>)>,
    /// Those of which neither the checkout nor git has what was shipped, from the checkout's root.
    pub missing: Vec<PathBuf>,
}

impl Originals {
    /// The files of a course's checkout, as they are there.
    pub fn of_course(course: &Workspace, lesson: &Lesson) -> Result<Self> {
        let digests = shipped::digests(&course.path(&lesson.exercise), &lesson.file_name())?;
        Self::find(course, lesson, digests)
    }

    /// The files that the checkout's lock names: from the checkout, or from git if they are others there.
    ///
    /// # Errors
    ///
    /// There is no lock that can be read.
    pub fn of_lock(checkout: &Workspace, lesson: &Lesson) -> Result<Self> {
        let lock = Lock::read(&checkout.path(lesson.lock()))?
            .with_context(|| format!("there is no {}", lesson.lock().display()))?;
        Self::find(checkout, lesson, lock.files)
    }

    fn find(workspace: &Workspace, lesson: &Lesson, digests: Digests) -> Result<Self> {
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for (path, wanted) in &digests {
            let from_root = lesson.exercise.join(path);
            let there = fs::read(workspace.path(&from_root)).ok();
            let original = there.filter(|content| digest(content) == *wanted);
            let original = original.or_else(|| in_history(&workspace.root, &from_root, wanted));
            match original {
                Some(content) => found.push((path.into(), content)),
                None => missing.push(from_root),
            }
        }
        Ok(Self { digests, found, missing })
    }
}

/// The newest version of `path` that has this digest, among the commits up to `HEAD`.
fn in_history(root: &Path, path: &Path, wanted: &str) -> Option<Vec<u8>> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .current_dir(root)
            .arg("--literal-pathspecs")
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .ok()?;
        output.status.success().then_some(output.stdout)
    };
    let path = path.to_string_lossy().replace('\\', "/");
    // All of them: by itself git passes over what a merge threw away.
    let commits = git(&["rev-list", "--full-history", "HEAD", "--", &path])?;
    String::from_utf8_lossy(&commits)
        .lines()
        .filter_map(|commit| git(&["cat-file", "blob", &format!("{commit}:./{path}")]))
        .find(|content| digest(content) == wanted)
}
