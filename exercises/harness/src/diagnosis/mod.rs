//! What kind of mistake a failure usually is, where its pattern leaves no doubt. Silent otherwise.

mod code;
mod deadlock;
mod leak;
mod order;
mod race;
mod update;
mod wake;

use crate::protocol::Kind;
use crate::reading::{Reading, Remark};
use crate::record::{Log, ThreadId};
use code::Code;

/// The likely mistake behind a failure, if the record shows one of the known patterns.
pub(crate) fn likely_cause(reading: &Reading, kind: Kind) -> Option<Remark> {
    let Reading {
        log,
        names,
        sources,
    } = reading;
    let code = Code::new(sources);
    match kind {
        Kind::Deadlock => deadlock::cause(log, names, code),
        Kind::DataRace => wake::cause(log, names, code, kind)
            .or_else(|| update::of_race(log, names, code))
            .or_else(|| race::of_race(log, names, code)),
        Kind::Panic => wake::cause(log, names, code, kind)
            .or_else(|| race::of_stale_load(log, names, code))
            .or_else(|| race::store_buffering(log, names))
            .or_else(|| update::of_panic(log, names, code)),
        Kind::Leak => leak::cause(log, names),
        Kind::TooManySteps | Kind::Stuck | Kind::SetUp => None,
    }
}

/// What the dry run calls a thread.
fn name(log: &Log, thread: ThreadId) -> &str {
    &log.threads[thread].name
}
