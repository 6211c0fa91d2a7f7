//! Each of two threads stores and then looks at what the other stores, and neither sees the other's.

use super::{Case, Remark, at_row};
use crate::diagnosis::order::{Later, Order, Stronger};
use crate::record::{Effect, Log, Source, Standing};
use harness_base::protocol::Kind;
use std::sync::atomic::Ordering::SeqCst;

/// One side of two threads that each store and then look for the other's store.
#[derive(Clone, Copy, Debug)]
struct Side {
    store: usize,
    load: usize,
}

/// In a deadlock, one of the two must be asleep for good. In a panic, no other load may be stale.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let stale: Vec<usize> =
        (0..case.log.events.len()).filter(|&number| case.event(number).is_stale()).collect();
    let is = Order::new(case.log, Stronger::default());
    if case.kind == Kind::Deadlock {
        let mut sides = stale.iter().filter_map(|&load| sides(case, &is, load));
        let pair = sides.find(|sides| {
            sides.iter().any(|side| {
                let thread = case.event(side.load).thread;
                case.log.threads[thread].standing == Standing::Asleep
            })
        });
        return remark(case, pair?);
    }
    let sides = sides(case, &is, *stale.last()?)?;
    let explained = |load: &usize| sides.iter().any(|side| side.load == *load);
    if !stale.iter().all(explained) {
        return None;
    }
    remark(case, sides)
}

/// The two sides, if a stale load is one side's look.
fn sides(case: Case<'_>, is: &Order, last: usize) -> Option<[Side; 2]> {
    let mine = Side { store: store_before(case.log, last)?, load: last };
    let (me, x, y) =
        (case.event(last).thread, case.event(mine.store).object?, case.event(last).object?);
    let newest = case.log.events[..last]
        .iter()
        .rposition(|event| event.object == Some(y) && event.writes().is_some())?;
    let other = case.event(newest).thread;
    // The other's look at what this thread stores, after its own store.
    let (load, _) = case.log.events_of(other).rfind(|(number, event)| {
        *number > newest && event.object == Some(x) && matches!(event.effect, Effect::Load { .. })
    })?;
    let theirs = Side { store: newest, load };
    // It saw an older value than this thread stored.
    let missed = match case.event(load).source? {
        Source::Initial => true,
        Source::Event(seen) => seen < mine.store,
    };
    let fenced = [mine, theirs].map(|side| has_fence(case.log, side));
    let apart = me != other && x != y && fenced != [true, true];
    (apart && missed && !one_is_ordered(case.log, is, mine, theirs)).then_some([mine, theirs])
}

fn remark(case: Case<'_>, [mine, theirs]: [Side; 2]) -> Option<Remark> {
    let fenced = [mine, theirs].map(|side| has_fence(case.log, side));
    let one = |side: Side| {
        let (store, load) = (case.event(side.store), case.event(side.load));
        Some(format!(
            "{} writes {} ({}) and then reads {} ({})",
            case.thread(store.thread),
            case.object(store.object?),
            at_row(side.store),
            case.object(load.object?),
            at_row(side.load)
        ))
    };
    let text = format!(
        "store buffering: {}, {}, and neither sees what the other wrote. Both need a fence(SeqCst) between the write and \
         the read.",
        one(mine)?,
        one(theirs)?
    );
    let mut remark = Remark::new(text);
    for (side, fenced) in [mine, theirs].into_iter().zip(fenced) {
        if !fenced {
            remark = remark.mark(side.load, "no fence before it");
        }
    }
    Some(remark)
}

/// The thread's last write before the load, of another atomic than that reads.
fn store_before(log: &Log, load: usize) -> Option<usize> {
    let event = &log.events[load];
    let mut own = log.events_before(event.thread, load);
    own.rfind(|(_, other)| other.writes().is_some() && other.object != event.object)
        .map(|(store, _)| store)
}

fn has_fence(log: &Log, side: Side) -> bool {
    let mut own = log.events_of(log.events[side.store].thread);
    own.any(|(number, event)| {
        (side.store..side.load).contains(&number) && event.effect == Effect::Fence(SeqCst)
    })
}

/// Whether synchronisation puts one of the stores before the look of the other: then there was no race of the two.
fn one_is_ordered(log: &Log, is: &Order, a: Side, b: Side) -> bool {
    is.is_before(log, a.store, Later::Event(b.load))
        || is.is_before(log, b.store, Later::Event(a.load))
}
