//! A change that goes by an old value: the value is read in one step and the change made in another.

use super::Case;
use super::code::Dependence;
use crate::record::{Effect, ObjectId, ThreadId};

/// A read, a write by another thread, and the write that knows nothing of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Torn {
    pub(super) object: ObjectId,
    pub(super) read: usize,
    pub(super) between: usize,
    pub(super) write: usize,
    pub(super) dependence: Dependence,
}

/// The loads of an atomic by a thread that are followed by a change of its own which goes by what was loaded.
pub(super) fn own_pairs<'a>(case: Case<'a>, thread: ThreadId) -> impl Iterator<Item = Torn> + 'a {
    let changes = case.log.events_of(thread).filter(|(_, event)| {
        matches!(
            event.effect,
            Effect::Store { .. } | Effect::Update { name: "fetch_add" | "fetch_sub", .. }
        )
    });
    changes.filter_map(move |(write, change)| {
        let object = change.object?;
        // The last own access before it.
        let (read, load) = case
            .log
            .events_before(thread, write)
            .rfind(|(_, event)| event.object == Some(object) && event.order().is_some())?;
        if !matches!(load.effect, Effect::Load { .. }) {
            return None;
        }
        let place = change.place?;
        let dependence = case.code.dependence(load.place?, place)?;
        // A read-modify-write goes by the newest value, but whether it comes at all may depend on an old one.
        let blind = matches!(change.effect, Effect::Store { .. })
            || dependence == Dependence::Control && case.code.is_discarded(place);
        blind.then_some(Torn { object, read, between: read, write, dependence })
    })
}

/// Stores that overwrite what another thread wrote since the value was read.
pub(super) fn torn_atomics<'a>(case: Case<'a>) -> impl Iterator<Item = Torn> + 'a {
    let threads = 0..case.log.threads.len();
    let pairs = threads.flat_map(move |thread| own_pairs(case, thread));
    pairs.filter_map(move |torn| {
        let read = case.event(torn.read);
        let found = read.reads()?;
        // What it read may have been an old value already.
        let between = (read.source?.since()..torn.write).rfind(|&number| {
            let event = case.event(number);
            event.object == Some(torn.object)
                && event.thread != read.thread
                && event.writes().is_some_and(|new| new != found)
        })?;
        // What changes nothing loses nothing.
        let wrote = case.event(between).writes()?;
        let lost = case.event(torn.write).writes()? != wrote || torn.dependence == Dependence::Data;
        lost.then_some(Torn { between, ..torn })
    })
}
