//! An interleaving, read: what its objects are called, what the source says, which accesses a failure is about, and what
//! its rows are. The [`diagnosis`](crate::diagnosis) and the [`dry_run`](crate::dry_run) both stand on it.
//!
//! May use the [`record`](crate::record), places and text; knows nothing of the search and of loom.

mod culprit;
mod mentions;
mod names;
mod rows;
mod source;
mod traffic;
mod values;

use crate::record::Log;
pub use culprit::{culprit, late_use, other_access, racing_access};
pub use mentions::{at_row, mentioned, with_rows, without_rows};
pub use names::Names;
pub use rows::{PANICS, Row, describe, rows};
pub use source::Sources;
pub use traffic::{contents, handles};
pub use values::{show, shown};

/// An interleaving with its names and its source.
#[derive(Clone, Debug)]
pub struct Reading {
    pub log: Log,
    pub names: Names,
    pub sources: Sources,
}

impl Reading {
    pub fn new(log: Log) -> Self {
        Self::with_sources(log, Sources::default())
    }

    /// The same, where some of the source has been read already.
    pub fn with_sources(log: Log, sources: Sources) -> Self {
        let names = Names::new(&log, &sources);
        Self { log, names, sources }
    }
}

/// What somebody has to say about an interleaving.
#[derive(Clone, Debug)]
pub struct Remark {
    /// In a sentence or two. Rows are named by [`at_row`].
    pub text: String,
    /// The rows to look at.
    pub marks: Vec<Mark>,
}

/// What a reader must not miss about a row.
#[derive(Clone, Debug)]
pub struct Mark {
    /// The number of the event that the row shows.
    pub event: usize,
    /// A few words.
    pub text: String,
}

impl Remark {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), marks: Vec::new() }
    }

    /// Points at an event's row.
    pub fn mark(mut self, event: usize, text: impl Into<String>) -> Self {
        let text = text.into();
        self.marks.push(Mark { event, text });
        self
    }
}
