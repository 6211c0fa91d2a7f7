//! The file of a lesson that the learner edits, with all that can stand in it: the reference, the stub, and every
//! version that the runner ever took out of it.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Result, anyhow};

use crate::course::{Lesson, Workspace, stub};
use crate::learner::progress::{Store, versions_folder};
use crate::learner::versions::{Replaced, Target, Version, Versions, Why};
use crate::term::note;

/// The learner's file. It borrows the progress, and with it the lock: no second runner is at the file.
#[derive(Debug)]
pub struct LessonFile<'a> {
    /// Whose file it is.
    pub lesson: &'a Lesson,
    /// What the runner took out of it.
    pub versions: Versions,
    workspace: &'a Workspace,
    target: Target,
    _store: &'a Store,
}

impl<'a> LessonFile<'a> {
    /// Looks at the file of `lesson` and finishes what a killed runner left there.
    pub fn open(workspace: &'a Workspace, store: &'a Store, lesson: &'a Lesson) -> Result<Self> {
        let mut versions = Versions::open(versions_folder(workspace, lesson))?;
        let target = Target::new(&workspace.path(lesson.file()))?;
        let reference = fs::read(workspace.path(lesson.reference()));
        let stub = stub::read(workspace, lesson).map(String::into_bytes);
        let known = [reference, stub].into_iter().flatten();
        let known: Vec<Vec<u8>> = known.chain(target.read()?).collect();
        let known: Vec<&[u8]> = known.iter().map(Vec::as_slice).collect();
        if let Some(number) = target.clean_up(&mut versions, &known, &mut |_| Ok(()))? {
            note(&format!(
                " A runner was stopped while it replaced {}.\n What was saved there at that moment is kept as version {number}.",
                lesson.file().display(),
            ));
        }
        Ok(Self { lesson, versions, workspace, target, _store: store })
    }

    /// What is in the file; `None` where there is none.
    pub fn content(&self) -> Result<Option<Vec<u8>>> {
        self.target.read()
    }

    /// The reference.
    pub fn reference(&self) -> Result<Vec<u8>> {
        let path = self.lesson.reference();
        shipped(fs::read(self.workspace.path(&path)), &path)
    }

    /// The stub.
    pub fn stub(&self) -> Result<Vec<u8>> {
        let stub = stub::read(self.workspace, self.lesson).map(String::into_bytes);
        shipped(stub, &self.lesson.stub())
    }

    /// The newest version that is neither the reference nor what is in the file now, with its content. One that
    /// cannot be read is said on stderr and passed over.
    pub fn newest_of_learner(&self) -> Result<Option<(Version, Vec<u8>)>> {
        let others = [self.content()?, self.reference().ok()];
        for version in self.versions.newest_first() {
            match self.versions.content(&version) {
                Ok(content) if others.iter().flatten().any(|other| *other == content) => {}
                Ok(content) => return Ok(Some((version, content))),
                Err(error) => note(&format!(" {error:#}")),
            }
        }
        Ok(None)
    }

    /// What there is to say of a version.
    pub fn facts(&self, version: &Version) -> Vec<&'static str> {
        let content = match self.versions.content(version) {
            Ok(content) => Some(content),
            Err(_) => return vec!["cannot be read"],
        };
        let equals = [
            (self.reference().ok(), "the reference"),
            (self.stub().ok(), "the stub"),
            (self.content().ok().flatten(), "there now"),
        ];
        let equal = equals.into_iter().filter(|(other, _)| *other == content);
        equal.map(|(_, fact)| fact).collect()
    }

    /// Keeps what is in the file and puts `new` there.
    ///
    /// # Errors
    ///
    /// Something cannot be written. Nothing is lost then.
    pub fn replace(&mut self, new: &[u8], why: Why) -> Result<Replaced> {
        if let Some(file) = self.target.behind_link() {
            note(&format!(
                " {} is a link. It stays; what is replaced is\n {}",
                self.lesson.file().display(),
                file.display(),
            ));
        }
        self.target.replace(&mut self.versions, new, why, &mut |_| Ok(()))
    }
}

/// What came with the lesson in the file `path`.
fn shipped(read: io::Result<Vec<u8>>, path: &Path) -> Result<Vec<u8>> {
    read.map_err(|error| {
        anyhow!("cannot read {0}: {error}.\nTo bring it back: git checkout {0}", path.display())
    })
}
