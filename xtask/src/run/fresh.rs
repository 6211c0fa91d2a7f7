//! A verdict belongs to the bytes that were built. cargo goes by the time of a file, and takes one that became older,
//! as `mv a.rs.bak a.rs` makes it, for one that it has built already.
//!
//! Beside each thing that it built the runner writes down what it was built from. If cargo holds it to be fresh and the
//! sources differ from that, it is removed, and cargo builds it again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::course::content::{hex, sha256};

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

/// Notes what cargo has just built from the bytes that are there, and removes what it wrongly takes for built from them.
/// Returns whether there was any of that, which cargo then has to build again.
pub fn settle(root: &Path, artifacts: &[&Artifact]) -> bool {
    let mut digests = BTreeMap::new();
    let mut any_stale = false;
    for Artifact { file, fresh, .. } in artifacts {
        let mut name = file.as_os_str().to_owned();
        name.push(".sources");
        let note = PathBuf::from(name);
        let stamp = stamp(root, file, &mut digests);
        if stamp.is_some() && fs::read_to_string(&note).ok() == stamp {
            continue;
        }
        if *fresh {
            // One that stays is found to be stale the next time, too.
            let _ = fs::remove_file(file);
            any_stale = true;
        } else if let Some(stamp) = stamp {
            let _ = fs::write(note, stamp);
        }
    }
    any_stale
}

/// A name for the bytes of the sources of `file`, and for the moment when it was built: somebody else may have built it
/// since. `None` where rustc has not written down which sources those are. `digests` has those of the sources that were
/// read before: several files are built from one.
fn stamp(root: &Path, file: &Path, digests: &mut BTreeMap<String, String>) -> Option<String> {
    let stem = file.file_stem()?.to_str()?;
    let library = file.extension().is_some_and(|end| end == "rlib");
    let stem = stem.strip_prefix("lib").filter(|_| library).unwrap_or(stem);
    let sources = fs::read_to_string(file.with_file_name(format!("{stem}.d"))).ok()?;
    let mut hash = hmac_sha256::Hash::new();
    for source in sources.lines().filter_map(|line| line.strip_suffix(':')) {
        let digest = digests.entry(source.to_owned()).or_insert_with(|| {
            let content = fs::read(root.join(source.replace("\\ ", " ")));
            sha256(&content.unwrap_or_default())
        });
        hash.update(digest);
    }
    let built = fs::metadata(file).ok()?.modified().ok()?;
    let built = built.duration_since(UNIX_EPOCH).ok()?.as_nanos();
    Some(format!("{} {built}", hex(&hash.finalize())))
}
