//! `solutions/…/shipped.lock`: what a lesson was shipped with. It lists the tests that the reference passes, and the
//! SHA-256 of each file that the tests are built from and the learner does not edit: manifest, wiring, models, tests.
//!
//! `verify --record` writes it and `verify` checks it. A learner who deletes a test does not delete it there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::content::{files_below, sha256};

/// The parts of an exercise that its tests are built from. `examples/` is not one: the reader is asked to change
/// the tour.
const PARTS: [&str; 3] = ["Cargo.toml", "src", "tests"];

/// The digests of files, by their paths in the exercise's folder. The paths have `/` on every system.
pub type Digests = BTreeMap<String, String>;

/// What a lesson was shipped with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Lock {
    /// The lesson's name.
    pub lesson: String,
    /// The canonical names of the tests that the reference passes, in the order in which to work on them.
    pub tests: Vec<String>,
    /// What the tests are built from.
    pub files: Digests,
}

impl Lock {
    /// Reads a lock file; `None` if there is none.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let lock = toml::from_str(&text).with_context(|| {
            format!(
                "cannot read {}: `git checkout` it, or write it again with `cargo xtask verify --record`",
                path.display()
            )
        })?;
        Ok(Some(lock))
    }
}

/// The lock file's own text.
impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lesson, tests, files } = self;
        writeln!(
            f,
            "# What the lesson was shipped with. Written by `cargo xtask verify --record`, checked by `cargo xtask verify`.\n\
             lesson = \"{lesson}\"\n\n\
             # The tests that the reference passes: the lesson is done when all of these pass.\n\
             tests = ["
        )?;
        for test in tests {
            writeln!(f, "    \"{test}\",")?;
        }
        writeln!(
            f,
            "]\n\n\
             # The SHA-256 of what the tests are built from, each line ending in \\n alone.\n\
             [files]"
        )?;
        for (path, digest) in files {
            writeln!(f, "\"{path}\" = \"{digest}\"")?;
        }
        Ok(())
    }
}

/// The digests of what the tests in the exercise's folder are built from; `learners_file` is the name of the file in
/// `src` that is not among them.
pub fn digests(folder: &Path, learners_file: &str) -> Result<Digests> {
    let learners = Path::new("src").join(learners_file);
    let mut digests = Digests::new();
    for path in files_below(folder, &PARTS)? {
        if path != learners {
            let full = folder.join(&path);
            let content =
                fs::read(&full).with_context(|| format!("cannot read {}", full.display()))?;
            digests.insert(path.to_string_lossy().replace('\\', "/"), digest(&content));
        }
    }
    Ok(digests)
}

/// The SHA-256 of a text, the same for both kinds of line ends: git may change them on the way to a disk.
pub fn digest(text: &[u8]) -> String {
    let is_kept = |&(i, byte): &(usize, &u8)| (*byte, text.get(i + 1)) != (b'\r', Some(&b'\n'));
    let kept: Vec<u8> = text.iter().enumerate().filter(is_kept).map(|(_, byte)| *byte).collect();
    sha256(&kept)
}

/// How a file differs from the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It has another text.
    Edited,
    /// It is not there.
    Deleted,
    /// There is no original.
    Added,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Change::Edited => "edited",
            Change::Deleted => "deleted",
            Change::Added => "added",
        })
    }
}

/// How the files that are there differ from the originals, in the order of their paths.
pub fn changes(originals: &Digests, there: &Digests) -> Vec<(PathBuf, Change)> {
    let paths: BTreeSet<&String> = originals.keys().chain(there.keys()).collect();
    let changed = paths.into_iter().filter_map(|path| {
        let change = match (originals.get(path), there.get(path)) {
            (Some(original), Some(there)) if original == there => return None,
            (Some(_), Some(_)) => Change::Edited,
            (Some(_), None) => Change::Deleted,
            (None, _) => Change::Added,
        };
        Some((path.into(), change))
    });
    changed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_compared_with_what_was_shipped() {
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
        let digests =
            |folder: &str| super::digests(&dir.path().join(folder), "a.rs").expect("a folder");
        let changes = || super::changes(&digests("was"), &digests("is"));
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

    #[test]
    fn a_lock_reads_what_it_wrote() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("shipped.lock");
        assert_eq!(Lock::read(&path).expect("read"), None);
        let lock = Lock {
            lesson: "a".into(),
            tests: vec!["race_freedom::b".into(), "correctness::a".into()],
            files: Digests::from([("src/lib.rs".into(), digest(b"\r\n"))]),
        };
        fs::write(&path, lock.to_string()).expect("written");
        assert_eq!(Lock::read(&path).expect("read"), Some(lock));

        fs::write(&path, "lesson =").expect("written");
        let error = format!("{:#}", Lock::read(&path).expect_err("no TOML"));
        assert!(error.contains("`git checkout` it"), "{error}");
    }
}
