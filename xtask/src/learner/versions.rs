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

use crate::course::content::sha256;
use crate::course::select::NoSuchName;
use crate::learner::files::{
    make_folder, remove_partials, set_aside, sync_folder, utc, write_beside,
};
use crate::term::note;

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

/// The versions of one lesson's file. Its owner holds the runner's lock.
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
            let mut known = all.iter_mut();
            match known.find(|version| version.kept.sha256 == kept.sha256) {
                Some(version) => version.kept = kept.clone(),
                None => all.push(Version { number: all.len() + 1, kept: kept.clone() }),
            }
        }
        all
    }

    /// All versions, the one that was kept last first.
    pub fn newest_first(&self) -> Vec<Version> {
        let mut all = self.all();
        all.sort_by_key(|version| {
            let is_it = |kept: &Kept| kept.sha256 == version.kept.sha256;
            let last = self.log.iter().rposition(is_it);
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
        let begins = |version: &&Version| version.kept.sha256.starts_with(&hash);
        let matching = all.iter().filter(begins);
        let matching: Vec<_> = matching.filter(|_| hash.len() >= HASH_DIGITS).collect();
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
                let line = |one: &&Version| format!("\n  {}  {}", one.number, one.kept.sha256);
                let lines: String = several.iter().map(line).collect();
                Err(NoSuchName(format!(
                    "several versions begin with {wanted}:{lines}\nWrite enough of the hash to tell them apart."
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
    pub fn keep(&mut self, content: &[u8], why: Why, watch: Watch<'_>) -> Result<usize> {
        let kept = Kept::new(content, SystemTime::now(), why);
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
    fn new(content: &[u8], at: SystemTime, why: Why) -> Self {
        Self {
            at: utc(at),
            why,
            sha256: sha256(content),
            bytes: content.len(),
            lines: content.split_inclusive(|byte| *byte == b'\n').count(),
        }
    }
}

#[cfg(test)]
mod tests;
