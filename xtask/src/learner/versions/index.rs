//! When each version was kept, and why: `index.toml`.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Step, Watch};
use crate::course::content::sha256;
use crate::learner::files::{read_versioned, sync_folder, write_beside};
use crate::term::note;

/// The layout of the file. A file of a later runner is left alone.
const VERSION: u32 = 1;

const HEADING: &str = "\
# The versions of your file that the runner replaced, oldest first. Each is the file SHA256.rs in this folder.
# `cargo xtask restore LESSON --list` shows them.
";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    version: u32,
    #[serde(default)]
    kept: Vec<Kept>,
}

/// One time that a version was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// When, in UTC.
    pub at: String,
    /// What was about to replace it.
    pub why: Why,
    /// Its name in the store.
    #[serde(deserialize_with = "hash")]
    pub sha256: String,
    /// How long it is.
    pub bytes: usize,
    /// How long it is, in lines.
    pub lines: usize,
}

/// Why a version was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The reference took its place.
    Swap,
    /// The stub took its place.
    Reset,
    /// Another version took its place.
    Restore,
    /// A runner was killed before it had put it into the store.
    Found,
    /// The index did not have it.
    Unknown,
}

/// What can be the name of a file in the store, and of no other.
fn hash<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if is_hash(&text) { Ok(text) } else { Err(serde::de::Error::custom("a sha256 has 64 digits")) }
}

fn is_hash(text: &str) -> bool {
    let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 64 && text.bytes().all(is_digit)
}

fn file(folder: &Path) -> PathBuf {
    folder.join("index.toml")
}

/// Reads the index.
///
/// # Errors
///
/// It cannot be read, or comes from a later runner.
pub fn read(folder: &Path) -> Result<Vec<Kept>> {
    let index: Option<Index> = read_versioned(
        &file(folder),
        VERSION,
        "The versions themselves are all there; their times are those of their files.",
    )?;
    Ok(index.map(|index| index.kept).unwrap_or_default())
}

/// The versions in the folder that `log` does not have, the oldest first: all of them where the index was lost,
/// one where a runner was killed before it could write it.
pub fn unlisted(folder: &Path, log: &[Kept]) -> Result<Vec<Kept>> {
    let listed: BTreeSet<&str> = log.iter().map(|kept| kept.sha256.as_str()).collect();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("cannot read {}", folder.display()))?,
    };
    let mut found: Vec<(SystemTime, Kept)> = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().and_then(|name| name.strip_suffix(".rs")) else {
            continue;
        };
        if !is_hash(name) || listed.contains(name) {
            continue;
        }
        let Ok(content) = fs::read(entry.path()) else {
            continue;
        };
        let at = entry.metadata().and_then(|metadata| metadata.modified()).unwrap_or(UNIX_EPOCH);
        if sha256(&content) == name {
            found.push((at, Kept::new(&content, at, Why::Unknown)));
        } else {
            note(&format!(
                " {} is not what its name says, so it is not taken for a version.\n Look into it, copy by hand what you need, and remove it.",
                entry.path().display()
            ));
        }
    }
    found.sort_by(|(a, kept), (b, other)| (a, &kept.sha256).cmp(&(b, &other.sha256)));
    Ok(found.into_iter().map(|(_, kept)| kept).collect())
}

/// Writes the index: beside, synced, renamed.
pub fn write(folder: &Path, log: &[Kept], watch: Watch<'_>) -> Result<()> {
    let index = Index { version: VERSION, kept: log.to_vec() };
    let text = toml::to_string(&index).context("the index cannot be written as TOML")?;
    let file = file(folder);
    let written = write_beside(&file, format!("{HEADING}{text}").as_bytes(), None)
        .with_context(|| format!("cannot write {}", file.display()))?;
    watch(Step::IndexWritten)?;
    written.persist(&file).with_context(|| format!("cannot write {}", file.display()))?;
    sync_folder(&file);
    watch(Step::IndexKept)
}
