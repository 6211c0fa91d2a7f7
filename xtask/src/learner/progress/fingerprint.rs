//! A name for the sources of a lesson.

use std::fs;

use anyhow::{Context, Result};

use crate::course::content::{files_below, hex};
use crate::course::{Lesson, Workspace};

/// A short name for exactly these sources: everything under the lesson's `src/` and `tests/`.
pub fn fingerprint(workspace: &Workspace, lesson: &Lesson) -> Result<String> {
    let folder = workspace.path(&lesson.exercise);
    let mut hash = hmac_sha256::Hash::new();
    for file in files_below(&folder, &["src", "tests"])? {
        if file.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
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
