//! Every version of a learner's file that the runner ever replaced, in `.kata/versions/LESSON/`.
//!
//! A version is a plain file there, named by its content: `SHA256.rs`. Beside them, `index.toml` says when each
//! was kept, and why. The files alone are enough: without the index, their own times stand in for it.

mod index;
mod replace;
pub mod words;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, anyhow, ensure};

use crate::files::{
    make_folder, remove_partials, set_aside, sha256, sync_folder, utc, write_beside,
};
use crate::select::NoSuchName;
use crate::style::note;

pub use index::{Kept, Why};
pub use replace::{Replaced, Target};

/// The fewest digits of a hash that name a version.
const HASH_DIGITS: usize = 4;

/// What has just been done, and will survive a kill. A test looks at each, or lets the next one fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The copy of the learner's file is on the disk, beside its place in the store.
    CopyWritten,
    /// It is in its place.
    CopyKept,
    /// The index that has it is on the disk, beside its place.
    IndexWritten,
    /// It is in its place.
    IndexKept,
    /// The new content is on the disk, beside the learner's file.
    NewWritten,
    /// It has the name under which it trades places with the learner's file.
    NewStaged,
    /// The learner's file was read once more and is still what was kept.
    Compared,
    /// The new content is in place of the learner's file.
    Replaced,
    /// What stood there at that very moment is known to be in the store.
    Checked,
    /// Nothing but the file is left beside it.
    Removed,
}

/// Is told of each [`Step`]. An error is one of the disk.
pub type Watch<'a> = &'a mut dyn FnMut(Step) -> Result<()>;

/// The versions of one lesson's file. Whoever has it holds the runner's lock.
#[derive(Debug)]
pub struct Versions {
    folder: PathBuf,
    /// Each time that a version was kept, the first one first.
    log: Vec<Kept>,
}

/// A version: a content that was kept, once or several times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// From 1, in the order in which they were first kept. It never changes.
    pub number: usize,
    /// The last time that it was kept.
    pub kept: Kept,
}

impl Versions {
    /// Reads which versions are in `folder`. A damaged index is set aside, with a word on stderr.
    ///
    /// # Errors
    ///
    /// The folder or its index cannot be read, or the index comes from a later runner.
    pub fn open(folder: PathBuf) -> Result<Self> {
        let mut log = index::read(&folder)?;
        log.extend(index::unlisted(&folder, &log)?);
        Ok(Self { folder, log })
    }

    /// All versions, in the order of their numbers.
    pub fn all(&self) -> Vec<Version> {
        let mut all: Vec<Version> = Vec::new();
        for kept in &self.log {
            match all
                .iter_mut()
                .find(|version| version.kept.sha256 == kept.sha256)
            {
                Some(version) => version.kept = kept.clone(),
                None => all.push(Version {
                    number: all.len() + 1,
                    kept: kept.clone(),
                }),
            }
        }
        all
    }

    /// All versions, the one that was kept last first.
    pub fn newest_first(&self) -> Vec<Version> {
        let mut all = self.all();
        all.sort_by_key(|version| {
            let last = self
                .log
                .iter()
                .rposition(|kept| kept.sha256 == version.kept.sha256);
            std::cmp::Reverse(last)
        });
        all
    }

    /// The version that `wanted` names: its number, or the beginning of its hash.
    ///
    /// # Errors
    ///
    /// No version goes by that, or several do.
    pub fn find(&self, wanted: &str) -> Result<Version, NoSuchName> {
        let all = self.all();
        let number = wanted.parse::<usize>().ok();
        if let Some(version) = all.iter().find(|version| Some(version.number) == number) {
            return Ok(version.clone());
        }
        let hash = wanted.to_ascii_lowercase();
        let matching: Vec<_> = all
            .iter()
            .filter(|version| hash.len() >= HASH_DIGITS && version.kept.sha256.starts_with(&hash))
            .collect();
        match &matching[..] {
            [one] => Ok((*one).clone()),
            [] => Err(NoSuchName(format!(
                "no version is called {wanted}. {}",
                match all.len() {
                    0 => "None was kept yet.".to_owned(),
                    1 => "There is version 1.".to_owned(),
                    last => format!(
                        "There are 1 to {last}; {HASH_DIGITS} digits or more of a hash do as well."
                    ),
                }
            ))),
            several => {
                let lines: Vec<_> = several
                    .iter()
                    .map(|version| format!("  {}  {}", version.number, version.kept.sha256))
                    .collect();
                Err(NoSuchName(format!(
                    "several versions begin with {wanted}:\n{}\nWrite enough of the hash to tell them apart.",
                    lines.join("\n")
                )))
            }
        }
    }

    /// The folder in which they are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a version.
    pub fn file(&self, sha256: &str) -> PathBuf {
        self.folder.join(format!("{sha256}.rs"))
    }

    /// The content of a version.
    ///
    /// # Errors
    ///
    /// Its file is gone, or is not what its name says.
    pub fn content(&self, version: &Version) -> Result<Vec<u8>> {
        let file = self.file(&version.kept.sha256);
        let content = fs::read(&file).with_context(|| {
            format!(
                "version {} cannot be read from {}: choose another, or bring that file back",
                version.number,
                file.display()
            )
        })?;
        ensure!(
            sha256(&content) == version.kept.sha256,
            "version {} is damaged: {} is not what its name says. Look into it, and copy by hand what you need.",
            version.number,
            file.display(),
        );
        Ok(content)
    }

    /// Whether exactly this content is in the store.
    fn has(&self, content: &[u8]) -> bool {
        let sha256 = sha256(content);
        self.log.iter().any(|kept| kept.sha256 == sha256)
            && fs::read(self.file(&sha256)).is_ok_and(|kept| kept == content)
    }

    /// Keeps a version: when this returns, it is on the disk, and so is the index that says when and why. Gives
    /// its number.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn keep(&mut self, content: &[u8], why: Why, watch: Watch<'_>) -> Result<usize> {
        let kept = Kept::now(content, why);
        let file = self.file(&kept.sha256);
        let sha256 = kept.sha256.clone();
        self.log.push(kept);
        self.write_copy(&file, content, watch)
            .and_then(|()| index::write(&self.folder, &self.log, watch))
            .map_err(|error| {
                anyhow!(
                    "cannot keep a copy in {}: {error:#}.\nNothing was replaced. Make room there, or make the folder writable, and try again.",
                    self.folder.display()
                )
            })?;
        let all = self.all();
        let version = all.iter().find(|version| version.kept.sha256 == sha256);
        Ok(version.map_or(all.len(), |version| version.number))
    }

    fn write_copy(&self, file: &Path, content: &[u8], watch: Watch<'_>) -> Result<()> {
        make_folder(&self.folder)?;
        remove_partials(&self.folder);
        match fs::read(file) {
            Ok(there) if there == content => {
                // The runner that wrote it may have been killed before it synced the folder.
                sync_folder(file);
                return Ok(());
            }
            Ok(_) => {
                let aside = set_aside(file)?;
                note(&format!(
                    " {} was not what its name says.\n It is set aside as {}.",
                    file.display(),
                    aside.file_name().unwrap_or_default().display(),
                ));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        let beside = write_beside(file, content, None)?;
        watch(Step::CopyWritten)?;
        beside.persist(file)?;
        sync_folder(file);
        watch(Step::CopyKept)
    }
}

impl Kept {
    fn now(content: &[u8], why: Why) -> Self {
        Self::new(content, SystemTime::now(), why)
    }

    fn new(content: &[u8], at: SystemTime, why: Why) -> Self {
        Self {
            at: utc(at),
            why,
            sha256: sha256(content),
            bytes: content.len(),
            lines: lines(content),
        }
    }
}

/// How many lines a content has.
pub fn lines(content: &[u8]) -> usize {
    content.split_inclusive(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Versions) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let folder = dir.path().join("versions/sum");
        (dir, Versions::open(folder).expect("a store"))
    }

    fn keep(versions: &mut Versions, content: &str) -> usize {
        versions
            .keep(content.as_bytes(), Why::Swap, &mut |_| Ok(()))
            .expect("kept")
    }

    fn again(versions: &Versions) -> Versions {
        Versions::open(versions.folder.clone()).expect("a store")
    }

    fn contents(versions: &Versions) -> Vec<String> {
        versions
            .all()
            .iter()
            .map(|version| {
                String::from_utf8(versions.content(version).expect("whole")).expect("text")
            })
            .collect()
    }

    /// What lies in the folder besides versions and index.
    fn aside(versions: &Versions) -> Vec<Vec<u8>> {
        fs::read_dir(&versions.folder)
            .expect("listed")
            .filter_map(|entry| {
                let path = entry.expect("an entry").path();
                path.to_string_lossy()
                    .contains(".damaged-")
                    .then(|| fs::read(path).expect("read"))
            })
            .collect()
    }

    #[test]
    fn a_version_is_a_file_that_a_person_can_read() {
        let (_dir, mut versions) = store();
        assert_eq!(keep(&mut versions, "fn one() {}\n"), 1);
        assert_eq!(keep(&mut versions, "fn two() {}\n\n// no end"), 2);
        let again = again(&versions);
        assert_eq!(
            contents(&again),
            ["fn one() {}\n", "fn two() {}\n\n// no end"]
        );
        let two = &again.all()[1].kept;
        assert_eq!((two.lines, two.bytes, two.why), (3, 22, Why::Swap));
        assert_eq!(
            fs::read_to_string(again.file(&two.sha256)).expect("read"),
            "fn two() {}\n\n// no end"
        );
    }

    #[test]
    fn the_same_content_twice_is_one_version_with_the_later_time() {
        let (_dir, mut versions) = store();
        for content in ["a", "b", "a"] {
            keep(&mut versions, content);
        }
        let versions = again(&versions);
        assert_eq!(contents(&versions), ["a", "b"]);
        let newest: Vec<_> = versions
            .newest_first()
            .iter()
            .map(|version| version.number)
            .collect();
        assert_eq!(newest, [1, 2], "version 1 was kept last");
        assert_eq!(versions.log.len(), 3);
    }

    #[test]
    fn a_damaged_index_is_set_aside_and_the_files_suffice() {
        for damage in [
            &b"version = 1\n[[kept]]\nat = \"2026-"[..],
            b"",
            b"\xff",
            b"version = 1\n[[kept]]\nat = \"2026-08-04T21:07:00Z\"\nwhy = \"swap\"\nsha256 = \"../../x\"\nbytes = 1\nlines = 1\n",
        ] {
            let (_dir, mut versions) = store();
            keep(&mut versions, "a");
            keep(&mut versions, "b");
            fs::write(versions.folder.join("index.toml"), damage).expect("written");
            let mut versions = again(&versions);
            let mut found = contents(&versions);
            found.sort();
            assert_eq!(found, ["a", "b"]);
            assert!(versions.all().iter().all(|v| v.kept.why == Why::Unknown));
            assert_eq!(aside(&versions), [damage]);
            // The next index has them, so that they keep their numbers.
            keep(&mut versions, "c");
            assert_eq!(again(&versions).log, versions.log);
        }
    }

    #[test]
    fn a_copy_that_the_index_does_not_have_is_a_version() {
        let (_dir, mut versions) = store();
        keep(&mut versions, "a");
        // As a kill between the copy and the index leaves it.
        fs::write(versions.file(&sha256(b"b")), "b").expect("written");
        let mut versions = again(&versions);
        assert_eq!(contents(&versions), ["a", "b"]);
        assert_eq!(versions.all()[1].kept.why, Why::Unknown);
        assert_eq!(keep(&mut versions, "b"), 2);
        assert_eq!(versions.all()[1].kept.why, Why::Swap);
    }

    #[test]
    fn a_half_written_copy_is_no_version() {
        let (_dir, mut versions) = store();
        keep(&mut versions, "a");
        let half = write_beside(&versions.file(&sha256(b"bb")), b"b", None).expect("written");
        half.keep().expect("left behind");
        let mut versions = again(&versions);
        assert_eq!(contents(&versions), ["a"]);
        keep(&mut versions, "bb");
        assert_eq!(contents(&versions), ["a", "bb"]);
        let left = fs::read_dir(&versions.folder).expect("listed").count();
        assert_eq!(left, 3, "two versions and the index");
    }

    #[test]
    fn a_copy_that_is_gone_or_damaged_is_said_and_the_others_are_there() {
        let (_dir, mut versions) = store();
        for content in ["a", "b", "c"] {
            keep(&mut versions, content);
        }
        let [a, b, c] = &versions.all()[..] else {
            panic!("three versions")
        };
        fs::remove_file(versions.file(&a.kept.sha256)).expect("removed");
        fs::write(versions.file(&b.kept.sha256), "B").expect("written");
        let gone = versions.content(a).expect_err("gone").to_string();
        assert!(gone.starts_with("version 1 cannot be read"), "{gone}");
        let damaged = versions.content(b).expect_err("damaged").to_string();
        assert!(damaged.starts_with("version 2 is damaged"), "{damaged}");
        assert_eq!(versions.content(c).expect("whole"), b"c");
        // Kept again, the copy is whole, and what was in its place is not lost.
        assert_eq!(keep(&mut versions, "b"), 2);
        assert_eq!(versions.content(b).expect("whole"), b"b");
        assert_eq!(aside(&versions), [b"B"]);
    }

    #[test]
    fn a_version_goes_by_number_or_by_the_beginning_of_its_hash() {
        let (_dir, mut versions) = store();
        keep(&mut versions, "a");
        keep(&mut versions, "b");
        let found = |versions: &Versions, wanted: &str| match versions.find(wanted) {
            Ok(version) => version.number.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found(&versions, "2"), "2");
        // `b` is 3e23e816…
        assert_eq!(found(&versions, "3e23"), "2");
        assert_eq!(found(&versions, "3E23E8"), "2");
        assert_eq!(
            found(&versions, "3"),
            "no version is called 3. There are 1 to 2; 4 digits or more of a hash do as well."
        );
        let mut twin = versions.log[1].clone();
        twin.sha256.replace_range(63.., "0");
        versions.log.push(twin);
        let ambiguous = found(&versions, "3e23");
        assert!(
            ambiguous.starts_with("several versions begin with 3e23:\n  2  3e23"),
            "{ambiguous}"
        );
        assert_eq!(found(&versions, &versions.log[1].sha256), "2");
    }
}
