//! A loop whose compare_exchange fails again and again, because the value that it compares with stays the same.

use super::{AGAIN_AND_AGAIN, Case, Remark, at_row};
use crate::record::{Effect, ThreadId};

/// Silent if what is found, or what is expected, changes from one attempt to the next; and if the thread did not find the
/// expected value there before the first: then it waits for that value, as a lock does that spins.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    (0..case.log.threads.len()).find_map(|thread| of_thread(case, thread))
}

fn of_thread(case: Case<'_>, thread: ThreadId) -> Option<Remark> {
    let mut tries = case
        .log
        .events_of(thread)
        .rev()
        .filter(|(_, event)| matches!(event.effect, Effect::Exchange { .. }));
    let (last, event) = tries.next()?;
    let Effect::Exchange { name, expected, found: Err(found), .. } = event.effect else {
        return None;
    };
    let (again, first) = tries
        .take_while(|(_, other)| other.effect == event.effect && other.place == event.place)
        .fold((0, last), |(again, _), (number, _)| (again + 1, number));
    let before = case.log.events_before(thread, first);
    let mut before = before.rev().filter(|(_, other)| other.object == event.object);
    let seen = before.next().filter(|(_, other)| other.writes().is_none());
    if seen.and_then(|(_, other)| other.reads()) != Some(expected) {
        return None;
    }
    let busy = case.log.events_of(thread).next_back().is_some_and(|(number, _)| {
        // It is still at it.
        number < last + AGAIN_AND_AGAIN && case.log.events.len() < last + 50
    });
    if again < AGAIN_AND_AGAIN || expected == found || !busy {
        return None;
    }
    let (t, o) = (case.thread(thread), case.object(event.object?));
    let text = format!(
        "a comparison with an old value: {t}'s {name} of {o} expects {} and finds {} ({}), again and again. What it \
         compares with must become what it found, before it tries again.",
        case.show(expected),
        case.show(found),
        at_row(last)
    );
    Some(Remark::new(text).mark(last, "expects the same again"))
}
