//! What kind of mistake a failure usually is, where its pattern leaves no doubt. Silent otherwise.

mod code;
mod deadlock;
mod leak;
mod order;
mod race;
mod update;
mod wake;

use crate::dry_run::{Names, Sources};
use crate::record::{Log, ThreadId};
use crate::verdict::Kind;
use code::Code;

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
pub(crate) fn usually(log: &Log, names: &Names, sources: &Sources, kind: Kind) -> Option<Usually> {
    let code = Code::new(sources);
    match kind {
        Kind::Deadlock => deadlock::usually(log, names, code),
        Kind::DataRace => wake::usually(log, names, code, kind)
            .or_else(|| update::of_race(log, names, code))
            .or_else(|| race::of_race(log, names, code)),
        Kind::Panic => wake::usually(log, names, code, kind)
            .or_else(|| race::of_stale_load(log, names, code))
            .or_else(|| race::store_buffering(log, names))
            .or_else(|| update::of_panic(log, names, code)),
        Kind::Leak => leak::usually(log, names),
        Kind::TooManySteps | Kind::Stuck | Kind::SetUp => None,
    }
}

/// What the dry run calls a thread.
fn name(log: &Log, thread: ThreadId) -> &str {
    &log.threads[thread].name
}
