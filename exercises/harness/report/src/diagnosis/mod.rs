//! What kind of mistake a failure usually is, if its pattern leaves no doubt. Silent otherwise.
//!
//! A cause is a file in [`causes`]. What several need stands beside it: what the source says ([`code`]), what happens
//! before what ([`order`]), who waits for whom ([`waits`]), and changes that go by an old value ([`torn`]).
//!
//! May use [`reading`](crate::reading) and what that stands on.

mod causes;
mod code;
mod order;
mod torn;
mod waits;

use crate::reading::{Names, Reading, Remark, show};
use crate::record::{Event, Log, ObjectId, ThreadId, Value};
use code::Code;
use harness_base::protocol::Kind;

/// A failure whose cause is looked for.
#[derive(Clone, Copy)]
struct Case<'a> {
    kind: Kind,
    log: &'a Log,
    names: &'a Names,
    code: &'a Code<'a>,
}

impl<'a> Case<'a> {
    /// What the dry run calls a thread.
    fn thread(self, thread: ThreadId) -> &'a str {
        &self.log.threads[thread].name
    }

    /// What it calls an object.
    fn object(self, object: ObjectId) -> &'a str {
        self.names.of(object)
    }

    /// How it shows a value.
    fn show(self, value: Value) -> String {
        show(self.log, value)
    }

    /// The event with this number.
    fn event(self, number: usize) -> &'a Event {
        &self.log.events[number]
    }
}

/// The likely mistake behind a failure, if the record shows one of the known patterns.
pub fn likely_cause(reading: &Reading, kind: Kind) -> Option<Remark> {
    let case =
        Case { kind, log: &reading.log, names: &reading.names, code: &Code::new(&reading.sources) };
    let causes = if reading.log.races_with_drop() { causes::OF_DROP } else { causes::causes(kind) };
    causes.iter().find_map(|cause| cause(case))
}
