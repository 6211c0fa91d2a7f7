//! Files that two runners may want at once, and that a kill must not leave half written.

use std::fs::{self, File, Metadata, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;

use crate::term::note;

/// Takes the lock, or says who has it and waits.
pub fn lock(path: &Path) -> Result<File> {
    let mut file =
        File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .with_context(|| format!("cannot make {}: make the folder writable", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            let holder = holder.trim();
            // A run of `watch` holds it, and another part of `watch` waits: no concern of the user's.
            if holder != std::process::id().to_string() {
                let process = match holder {
                    "" => String::new(),
                    holder => format!(" (process {holder})"),
                };
                note(&format!(
                    " another `cargo xtask` is at work here{process}; waiting for it to end (Ctrl-C gives up)"
                ));
            }
            file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", path.display()));
        }
    }
    // For the one that waits, to say for whom. Nothing depends on it.
    let _ = file
        .rewind()
        .and_then(|()| file.set_len(0))
        .and_then(|()| write!(file, "{}", std::process::id()));
    Ok(file)
}

/// Writes `content` beside `path`, syncs it, and renames it.
pub fn write_atomically(path: &Path, content: &[u8]) -> Result<()> {
    write_beside(path, content, None)?.persist(path)?;
    sync_folder(path);
    Ok(())
}

/// Writes `content` into a file beside `path` that is not to be seen, and syncs it. It has the permissions and
/// the owner of `like`, or those of any new file, and goes away unless it is renamed.
pub fn write_beside(
    path: &Path,
    content: &[u8],
    like: Option<&Metadata>,
) -> std::io::Result<NamedTempFile> {
    let (prefix, folder) = (partial_prefix(path), folder_of(path));
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(PARTIAL);
    // By itself, tempfile lets nobody else read it. The umask has its say as with any file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut beside = builder.tempfile_in(folder)?;
    beside.write_all(content)?;
    if let Some(like) = like {
        // Whose it is matters where the runner is run by root; nobody else may give files away.
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt, fchown};
            let _ = fchown(beside.as_file(), Some(like.uid()), Some(like.gid()));
        }
        beside.as_file().set_permissions(like.permissions())?;
    }
    beside.as_file().sync_all()?;
    Ok(beside)
}

/// Removes what killed runners left of their [`write_beside()`] for `path`. The caller holds the lock under
/// which `path` is written.
pub fn remove_partial(path: &Path) {
    remove_hidden(folder_of(path), &partial_prefix(path));
}

/// Removes what killed runners left of their [`write_beside()`] for any file in `folder`. The caller holds the
/// lock under which all of them are written.
pub fn remove_partials(folder: &Path) {
    remove_hidden(folder, ".");
}

fn remove_hidden(folder: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(prefix) && name.ends_with(PARTIAL) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// How the name of a file ends that is being written.
const PARTIAL: &str = ".partial";

fn partial_prefix(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}.")
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}

/// Puts on the disk what became of the names in the folder of `path`. Where folders cannot be synced, it is
/// there soon.
pub fn sync_folder(path: &Path) {
    if let Ok(folder) = File::open(folder_of(path)) {
        let _ = folder.sync_all();
    }
}

/// Makes a folder and those above it, and syncs each.
pub fn make_folder(path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent() {
        make_folder(above)?;
    }
    match fs::create_dir(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => sync_folder(path),
    }
    Ok(())
}

/// Renames a file that cannot be used, so that nothing of it is lost, and gives its new name.
pub fn set_aside(file: &Path) -> Result<PathBuf> {
    let name = file.file_name().unwrap_or_default().display();
    let stamp = utc(SystemTime::now()).replace(':', "");
    let mut aside = file.with_file_name(format!("{name}.damaged-{stamp}"));
    for n in 2.. {
        if !aside.exists() {
            break;
        }
        aside = file.with_file_name(format!("{name}.damaged-{stamp}-{n}"));
    }
    fs::rename(file, &aside).with_context(|| {
        format!("{} is damaged and cannot be set aside: move it away by hand", file.display())
    })?;
    Ok(aside)
}

/// Reads a TOML file whose key `version` tells its layout; `None` where there is none. Of one that cannot be understood it
/// says why, in a line.
///
/// # Errors
///
/// The file cannot be read, or a later runner has written it.
pub fn look_versioned<T: DeserializeOwned>(
    file: &Path,
    version: u32,
) -> Result<Option<Result<T, String>>> {
    // A later version may have fields that this one does not know: it is not damaged for that.
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let bytes = match fs::read(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        read => read.with_context(|| format!("cannot read {}", file.display()))?,
    };
    let understand = || -> Result<Result<T, u32>, String> {
        let text = std::str::from_utf8(&bytes).map_err(|error| error.to_string())?;
        let in_words = |error: toml::de::Error| error.to_string();
        let Versioned { version: written } = toml::from_str(text).map_err(in_words)?;
        if written > version {
            return Ok(Err(written));
        }
        toml::from_str(text).map(Ok).map_err(in_words)
    };
    match understand() {
        Ok(Ok(content)) => Ok(Some(Ok(content))),
        Ok(Err(later)) => bail!(
            "{} was written by a later runner (version {later}). Pull the newest `cargo xtask`, or move the file away.",
            file.display()
        ),
        Err(damage) => {
            let first = damage.lines().next().unwrap_or("it cannot be read");
            Ok(Some(Err(first.to_owned())))
        }
    }
}

/// The same; a file that cannot be understood is set aside, with a word on stderr that ends with `remedy`, as if there
/// were none.
pub fn read_versioned<T: DeserializeOwned>(
    file: &Path,
    version: u32,
    remedy: &str,
) -> Result<Option<T>> {
    let damage = match look_versioned(file, version)?.transpose() {
        Ok(content) => return Ok(content),
        Err(damage) => damage,
    };
    let aside = set_aside(file)?;
    note(&format!(
        " {} is damaged ({damage}).\n It is set aside as {}; nothing of it is used or lost.\n {remedy}",
        file.display(),
        aside.file_name().unwrap_or_default().display(),
    ));
    Ok(None)
}

/// A moment as `2026-08-04T21:07:00Z`.
pub fn utc(moment: SystemTime) -> String {
    // Its Display fails before 1970, which no clock shows but a broken one.
    humantime::format_rfc3339_seconds(moment.max(UNIX_EPOCH)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_runner_was_writing_is_removed_and_nothing_else() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("sum.rs");
        let half = write_beside(&path, b"half", None).expect("written");
        half.keep().expect("left behind");
        for name in ["sum.rs", ".sum.rs.swp", ".other.rs.x.partial"] {
            fs::write(dir.path().join(name), name).expect("written");
        }
        remove_partial(&path);
        let entries = fs::read_dir(dir.path()).expect("listed");
        let left = entries.map(|entry| entry.expect("an entry").file_name());
        let mut left: Vec<_> = left.collect();
        left.sort();
        assert_eq!(left, [".other.rs.x.partial", ".sum.rs.swp", "sum.rs"]);
    }
}
