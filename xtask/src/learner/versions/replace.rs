//! One content in place of another, so that no kill and no editor at the same file can lose any of it.
//!
//! The order is what protects: the copy and the index are on the disk before anything new comes near the file.
//! The new content is complete and on the disk before it takes the file's name. Where the system can exchange
//! two files (Linux, macOS), what came out of the place is looked at afterwards, and kept too if it is not the
//! copy: an editor may have saved in between. Elsewhere the file is read once more right before the rename.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use super::{Step, Versions, Watch, Why};
use crate::learner::files::{remove_partial, sync_folder, write_beside};

/// How often the runner begins anew because the file changed under its hands.
const ATTEMPTS: usize = 100;

/// How long what came out of the place must stay as it is, once it was found to differ from the copy: an editor
/// may still be writing into it.
const SETTLED: Duration = Duration::from_millis(20);

/// The file that is replaced.
#[derive(Debug)]
pub struct Target {
    file: PathBuf,
    behind_link: bool,
    // `exchange()`; a test tries the systems that have none.
    exchange: fn(&Path, &Path) -> io::Result<bool>,
}

/// What was done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Replaced {
    /// The numbers of the versions that were kept: none where there was no file, more than one where it changed
    /// meanwhile.
    pub kept: Vec<usize>,
}

impl Target {
    /// The file at `path`. Where that is a link, the file that it leads to, so that the link stays.
    ///
    /// # Errors
    ///
    /// What is there is no file, or a link that leads nowhere.
    pub fn new(path: &Path) -> Result<Self> {
        let mut target = Self { file: path.to_owned(), behind_link: false, exchange };
        match fs::symlink_metadata(path) {
            Ok(metadata) => target.behind_link = metadata.is_symlink(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(target),
            Err(error) => return Err(error).with_context(|| cannot_read(path)),
        }
        if target.behind_link {
            target.file = fs::canonicalize(path).map_err(|error| {
                anyhow!(
                    "{} is a link that leads nowhere ({error}): remove it, or bring back what it leads to",
                    path.display()
                )
            })?;
        }
        // Anything else would be replaced, or read without end.
        if !target.file.is_file() {
            bail!("{} is not a file: move it away and try again", target.file.display());
        }
        Ok(target)
    }

    /// Where the path was a link: what it leads to.
    pub fn behind_link(&self) -> Option<&Path> {
        self.behind_link.then_some(&*self.file)
    }

    /// The content; `None` where there is no file.
    pub fn read(&self) -> Result<Option<Vec<u8>>> {
        read(&self.file)
    }

    /// The name under which the new content trades places with the old.
    fn staged(&self) -> PathBuf {
        let name = self.file.file_name().unwrap_or_default().display();
        self.file.with_file_name(format!(".{name}.staged"))
    }

    /// Removes what a killed runner left beside the file. Whatever it had taken out of the file's place and not
    /// yet looked at is kept first, unless it is one of `known` or in the store; gives its number then.
    pub fn clean_up(
        &self,
        versions: &mut Versions,
        known: &[&[u8]],
        watch: Watch<'_>,
    ) -> Result<Option<usize>> {
        remove_partial(&self.file);
        let staged = self.staged();
        let Some(content) = read(&staged)? else {
            return Ok(None);
        };
        // Staged content is complete: the new one, or what the new one was exchanged for.
        let number = if known.contains(&&*content) || versions.has(&content) {
            None
        } else {
            Some(versions.keep(&content, Why::Found, watch)?)
        };
        self.remove_staged()?;
        Ok(number)
    }

    /// Puts `new` in place of the file, after what is there was kept.
    ///
    /// # Errors
    ///
    /// Something cannot be written, or the file changes all the time. What was in the file is in the store then,
    /// or still in the file.
    pub fn replace(
        &self,
        versions: &mut Versions,
        new: &[u8],
        why: Why,
        watch: Watch<'_>,
    ) -> Result<Replaced> {
        let mut replaced = Replaced::default();
        for _ in 0..ATTEMPTS {
            let Some((present, metadata)) = self.read_with_metadata()? else {
                self.stage(new, None, watch)?;
                if self.put_where_nothing_is()? {
                    watch(Step::Replaced)?;
                    return Ok(replaced);
                }
                continue;
            };
            note_number(&mut replaced, versions.keep(&present, why, watch)?);
            self.stage(new, Some(&metadata), watch)?;
            if self.read()?.as_ref() != Some(&present) {
                continue;
            }
            watch(Step::Compared)?;
            match (self.exchange)(&self.staged(), &self.file) {
                Ok(true) => {
                    sync_folder(&self.file);
                    watch(Step::Replaced)?;
                    self.keep_what_came_out(present, versions, why, &mut replaced, watch)?;
                    watch(Step::Checked)?;
                    self.remove_staged()?;
                    watch(Step::Removed)?;
                }
                Ok(false) => {
                    fs::rename(self.staged(), &self.file)
                        .map_err(|error| self.cannot_replace(&error))?;
                    sync_folder(&self.file);
                    watch(Step::Replaced)?;
                }
                // An editor that saves by renaming may leave no file for a moment.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(self.cannot_replace(&error)),
            }
            return Ok(replaced);
        }
        bail!(
            "{} changes all the time: end the program that writes it and try again. Every state that was seen is kept.",
            self.file.display()
        )
    }

    fn read_with_metadata(&self) -> Result<Option<(Vec<u8>, Metadata)>> {
        let Some(content) = self.read()? else {
            return Ok(None);
        };
        match fs::metadata(&self.file) {
            Ok(metadata) => Ok(Some((content, metadata))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| cannot_read(&self.file)),
        }
    }

    /// Writes `new` beside the file, and only when it is complete and on the disk gives it the name by which it
    /// is found again.
    fn stage(&self, new: &[u8], like: Option<&Metadata>, watch: Watch<'_>) -> Result<()> {
        let cannot_stage = |error: io::Error| {
            anyhow!(
                "cannot write beside {}: {error}.\nNothing was replaced. Make room there, or make the folder writable, and try again.",
                self.file.display()
            )
        };
        let written = write_beside(&self.file, new, like).map_err(cannot_stage)?;
        watch(Step::NewWritten)?;
        written.persist(self.staged()).map_err(|refused| cannot_stage(refused.error))?;
        watch(Step::NewStaged)
    }

    /// Gives the staged content the file's name; `false` where a file has turned up.
    fn put_where_nothing_is(&self) -> Result<bool> {
        let staged = tempfile::TempPath::try_from_path(self.staged())
            .map_err(|error| self.cannot_replace(&error))?;
        match staged.persist_noclobber(&self.file) {
            Ok(()) => {
                sync_folder(&self.file);
                Ok(true)
            }
            Err(refused) if refused.error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(refused) => Err(self.cannot_replace(&refused.error)),
        }
    }

    /// Keeps what stood in the place at the very moment, where it is not the copy that was made of it.
    fn keep_what_came_out(
        &self,
        copy: Vec<u8>,
        versions: &mut Versions,
        why: Why,
        replaced: &mut Replaced,
        watch: Watch<'_>,
    ) -> Result<()> {
        let staged = self.staged();
        let mut last = copy;
        for _ in 0..ATTEMPTS {
            let out = fs::read(&staged).with_context(|| cannot_read(&staged))?;
            if out == last {
                break;
            }
            note_number(replaced, versions.keep(&out, why, watch)?);
            last = out;
            std::thread::sleep(SETTLED);
        }
        Ok(())
    }

    fn remove_staged(&self) -> Result<()> {
        let staged = self.staged();
        fs::remove_file(&staged)
            .with_context(|| format!("cannot remove {}: remove it by hand", staged.display()))?;
        sync_folder(&staged);
        Ok(())
    }

    fn cannot_replace(&self, error: &io::Error) -> anyhow::Error {
        anyhow!(
            "cannot replace {}: {error}.\nIt is as it was. Close it elsewhere, or make its folder writable, and try again.",
            self.file.display()
        )
    }
}

fn note_number(replaced: &mut Replaced, number: usize) {
    if !replaced.kept.contains(&number) {
        replaced.kept.push(number);
    }
}

fn read(file: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| cannot_read(file)),
    }
}

fn cannot_read(file: &Path) -> String {
    format!("cannot read {}", file.display())
}

/// Lets two files trade places; `false` where this system or this file system cannot.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn exchange(a: &Path, b: &Path) -> io::Result<bool> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Lets two files trade places, which this system cannot.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn exchange(_: &Path, _: &Path) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests;
