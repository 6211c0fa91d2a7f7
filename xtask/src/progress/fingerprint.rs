//! A name for the sources of a lesson.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::files::hex;
use crate::workspace::{Lesson, Workspace};

/// A short name for exactly these sources: everything under the lesson's `src/` and `tests/`.
///
/// # Errors
///
/// A file cannot be read.
pub fn fingerprint(workspace: &Workspace, lesson: &Lesson) -> Result<String> {
    let folder = workspace.path(&lesson.exercise);
    let mut files = Vec::new();
    for part in ["src", "tests"] {
        collect_files(&folder, Path::new(part), &mut files)?;
    }
    files.sort();
    let mut hash = hmac_sha256::Hash::new();
    for file in files {
        let content = fs::read(folder.join(&file))
            .with_context(|| format!("cannot read {}", file.display()))?;
        // Lengths first, so that no two trees read the same.
        let name = file.to_string_lossy().replace('\\', "/");
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update((content.len() as u64).to_le_bytes());
        hash.update(content);
    }
    Ok(hex(&hash.finalize()))
}

fn collect_files(folder: &Path, part: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = match fs::read_dir(folder.join(part)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(error)
                .with_context(|| format!("cannot read {}", folder.join(part).display()));
        }
    };
    for entry in entries {
        let entry =
            entry.with_context(|| format!("cannot read {}", folder.join(part).display()))?;
        let path = part.join(entry.file_name());
        if entry.path().is_dir() {
            collect_files(folder, &path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
