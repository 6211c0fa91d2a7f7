//! A verdict belongs to the bytes that were built. cargo goes by the time of a file, and takes one that became older,
//! as `mv a.rs.bak a.rs` makes it, for one that it has built already.
//!
//! Beside each thing that it built the runner writes down what it was built from. If cargo holds it to be fresh and the
//! sources differ from that, it is removed, and cargo builds it again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::course::content::hex;

/// A file that was built: a library or a program.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// The package.
    pub package: String,
    /// Where it is.
    pub file: PathBuf,
    /// Whether cargo had built it before.
    pub fresh: bool,
}

/// Removes what was built from other bytes than those that are there now, and returns whether there was any.
pub fn remove_stale(root: &Path, artifacts: &[&Artifact]) -> bool {
    let mut stale = artifacts
        .iter()
        .filter(|artifact| artifact.fresh && !is_noted(root, &artifact.file))
        .peekable();
    let any = stale.peek().is_some();
    for artifact in stale {
        // One that stays is found to be stale the next time, too.
        let _ = fs::remove_file(&artifact.file);
    }
    any
}

/// Notes what was built from the bytes that are there now.
pub fn note(root: &Path, artifacts: &[&Artifact]) {
    for artifact in artifacts {
        if let Some(stamp) = stamp(root, &artifact.file)
            && !is_noted(root, &artifact.file)
        {
            let _ = fs::write(note_of(&artifact.file), stamp);
        }
    }
}

fn is_noted(root: &Path, file: &Path) -> bool {
    stamp(root, file)
        .is_some_and(|stamp| fs::read_to_string(note_of(file)).is_ok_and(|noted| noted == stamp))
}

fn note_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".sources");
    name.into()
}

/// A name for the bytes of the sources of `file`, and for the moment when it was built: somebody else may have built it
/// since. `None` where rustc has not written down which sources those are.
fn stamp(root: &Path, file: &Path) -> Option<String> {
    let stem = file.file_stem()?.to_str()?;
    let library = file.extension().is_some_and(|end| end == "rlib");
    let stem = stem.strip_prefix("lib").filter(|_| library).unwrap_or(stem);
    let sources = fs::read_to_string(file.with_file_name(format!("{stem}.d"))).ok()?;
    let mut hash = hmac_sha256::Hash::new();
    for source in sources.lines().filter_map(|line| line.strip_suffix(':')) {
        let content = fs::read(root.join(source.replace("\\ ", " "))).unwrap_or_default();
        // Lengths first, so that no two lists read the same.
        hash.update((content.len() as u64).to_le_bytes());
        hash.update(content);
    }
    let built = fs::metadata(file).ok()?.modified().ok()?;
    let built = built.duration_since(UNIX_EPOCH).ok()?.as_nanos();
    Some(format!("{} {built}", hex(&hash.finalize())))
}
