//! What kind of mistake a failure usually is, where its pattern leaves no doubt. Silent otherwise.

mod deadlock;

use crate::dry_run::{Names, Sources};
use crate::record::Log;
use crate::verdict::Kind;

/// What a failure usually is.
#[derive(Clone, Debug)]
pub(crate) struct Usually {
    /// In a sentence or two. Rows are named by [`at_row`](crate::dry_run::at_row).
    pub(crate) text: String,
    /// The rows to look at.
    pub(crate) marks: Vec<Mark>,
}

/// What a reader must not miss about a row.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    /// The number of the event that the row shows.
    pub(crate) event: usize,
    /// A few words.
    pub(crate) text: String,
}

impl Usually {
    fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            marks: Vec::new(),
        }
    }

    /// Points at an event's row.
    fn mark(mut self, event: usize, text: impl Into<String>) -> Self {
        let text = text.into();
        self.marks.push(Mark { event, text });
        self
    }
}

/// The usual mistake behind a failure, if the record shows one of the known patterns.
pub(crate) fn usually(log: &Log, names: &Names, _sources: &Sources, kind: Kind) -> Option<Usually> {
    match kind {
        Kind::Deadlock => deadlock::usually(log, names),
        _ => None,
    }
}
