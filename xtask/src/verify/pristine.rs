//! `solutions/…/pristine`: copies of what an exercise's tests are built from and its learner does not edit, which
//! is the manifest, the wiring, the models and the tests. `grade` scores by them.
//!
//! They are written by `verify --record` when the reference passes the tests, and `verify` requires that they are
//! what the exercise has, so there is one place to edit: the exercise. They are plain files, in a form that
//! survives a download without git, a checkout that changes line ends, and a review; git stores a copy as the
//! object that the original is already.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

use super::scratch::Files;
use crate::workspace::{Lesson, Workspace};

/// The parts of an exercise that its tests are built from. `examples/` is not one: the reader is asked to change
/// the tour.
const PARTS: [&str; 3] = ["Cargo.toml", "src", "tests"];

/// How a file differs from its pristine copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It has another text.
    Edited,
    /// It is not there.
    Deleted,
    /// It has no pristine copy.
    Added,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Change::Edited => "edited",
            Change::Deleted => "deleted",
            Change::Added => "added",
        })
    }
}

/// How the exercise's folder `there` differs from the pristine copies in `recorded`; what the learner edits is not
/// looked at. Paths count from the folders.
///
/// # Errors
///
/// A file cannot be read.
pub fn changes(lesson: &Lesson, recorded: &Path, there: &Path) -> Result<Vec<(PathBuf, Change)>> {
    let (recorded, there) = (files(lesson, recorded)?, files(lesson, there)?);
    let paths: BTreeSet<&Path> = recorded.paths().chain(there.paths()).collect();
    let changed = paths.into_iter().filter_map(|path| {
        let change = match (recorded.get(path), there.get(path)) {
            (Some(was), Some(is)) if same_text(was, is) => return None,
            (Some(_), Some(_)) => Change::Edited,
            (Some(_), None) => Change::Deleted,
            (None, _) => Change::Added,
        };
        Some((path.to_owned(), change))
    });
    Ok(changed.collect())
}

/// Whether two files are the same but for the line ends, which git may change on its way to a disk.
pub fn same_text(a: &[u8], b: &[u8]) -> bool {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    a == b || text(a) == text(b)
}

/// Whether the copies are what the exercise has; writes them where that is asked for.
///
/// # Errors
///
/// A file cannot be read or written.
pub fn check(workspace: &Workspace, lesson: &Lesson, record: bool) -> Result<Vec<String>> {
    let (recorded, there) = (
        workspace.path(lesson.pristine()),
        workspace.path(&lesson.exercise),
    );
    let changes = changes(lesson, &recorded, &there)?;
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    if record {
        files(lesson, &there)?
            .write(&recorded)
            .with_context(|| format!("cannot write {}", recorded.display()))?;
        return Ok(Vec::new());
    }
    let command = format!("cargo xtask verify {} --record", lesson.name);
    if !recorded.is_dir() {
        return Ok(vec![format!(
            "there is no {}: {command}",
            lesson.pristine().display()
        )]);
    }
    let mut problems: Vec<String> = changes
        .iter()
        .map(|(path, change)| {
            let path = lesson.exercise.join(path);
            let pristine = lesson.pristine();
            match change {
                Change::Edited => format!(
                    "{} differs from its copy in {}",
                    path.display(),
                    pristine.display()
                ),
                Change::Deleted => format!(
                    "there is no {}, and a copy of it in {}",
                    path.display(),
                    pristine.display()
                ),
                Change::Added => {
                    format!("{} has no copy of {}", pristine.display(), path.display())
                }
            }
        })
        .collect();
    problems.push(format!("if the exercise is right: {command}"));
    Ok(problems)
}

/// What the tests are built from, without the learner's file.
fn files(lesson: &Lesson, folder: &Path) -> Result<Files> {
    let mut files = Files::default();
    files.copy(folder, &PARTS)?;
    files.remove(&Path::new("src").join(lesson.file_name()));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_folder_is_compared_with_its_copies() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        };
        for path in ["Cargo.toml", "src/lib.rs", "tests/a.rs", "tests/b.rs"] {
            write(&format!("was/{path}"), "one\ntwo\n");
            write(&format!("is/{path}"), "one\r\ntwo\r\n");
        }
        write("is/src/a.rs", "the learner's");
        write("is/examples/tour.rs", "the reader's");
        let lesson = &crate::select::tests::workspace(&["a"]).lessons[0];
        let changes = || {
            super::changes(lesson, &dir.path().join("was"), &dir.path().join("is"))
                .expect("two folders")
        };
        assert_eq!(changes(), []);

        write("is/src/lib.rs", "one\n");
        fs::remove_file(dir.path().join("is/tests/a.rs")).expect("removed");
        write("is/tests/c.rs", "three\n");
        assert_eq!(
            changes(),
            [
                ("src/lib.rs".into(), Change::Edited),
                ("tests/a.rs".into(), Change::Deleted),
                ("tests/c.rs".into(), Change::Added),
            ]
        );
    }
}
