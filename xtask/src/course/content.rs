//! The files below a folder, and names for what is in them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The files in these parts of a folder, by their paths in it; a part is a file or a folder, and may be missing.
pub fn files_below(folder: &Path, parts: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = parts.iter().map(PathBuf::from).collect();
    while let Some(part) = open.pop() {
        let full = folder.join(&part);
        // A link to a folder may lead round in circles; no lesson has one.
        if full.is_dir() && !full.is_symlink() {
            let cannot_read = || format!("cannot read {}", full.display());
            for entry in fs::read_dir(&full).with_context(cannot_read)? {
                open.push(part.join(entry.with_context(cannot_read)?.file_name()));
            }
        } else if full.is_file() {
            found.push(part);
        }
    }
    found.sort();
    Ok(found)
}

/// The SHA-256 of `content`, in hexadecimal.
pub fn sha256(content: &[u8]) -> String {
    hex(&hmac_sha256::Hash::hash(content))
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether two files differ in nothing but spaces, line ends and blank lines.
pub fn same_but_for_layout(a: &[u8], b: &[u8]) -> bool {
    let visible = |text: &[u8]| {
        let bytes = text.iter().copied();
        bytes.filter(|byte| !byte.is_ascii_whitespace()).collect::<Vec<_>>()
    };
    visible(a) == visible(b)
}
