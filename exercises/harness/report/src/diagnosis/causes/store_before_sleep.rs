//! A store takes a token back without looking at it: what the thread that left the token did before stays unseen, and
//! the thread falls asleep on an old value.

use super::{Case, Remark, at_row, last_sleep_of};
use crate::record::{Effect, ThreadId};

/// A stale load before a sleep for good, and before it a plain store over what the other side left behind the value
/// that was missed.
///
/// Silent if the store is not the last thing between the two that could have told.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    (0..case.log.threads.len()).find_map(|thread| of_sleeper(case, thread))
}

fn of_sleeper(case: Case<'_>, thread: ThreadId) -> Option<Remark> {
    let (asleep, _) = last_sleep_of(case, thread)?;
    let (load, looks) =
        case.log.events_before(thread, asleep).rfind(|(_, event)| event.reads().is_some())?;
    if !looks.is_stale() {
        return None;
    }
    let (missed, by) = case.log.events[..load]
        .iter()
        .enumerate()
        .rfind(|(_, event)| event.object == looks.object && event.writes().is_some())?;
    let (store, takes) =
        case.log.events_before(thread, load).rfind(|(_, event)| event.order().is_some())?;
    if !matches!(takes.effect, Effect::Store { .. }) || takes.object == looks.object {
        return None;
    }
    let (left, leaves) = case.log.events[..store]
        .iter()
        .enumerate()
        .rfind(|(_, event)| event.object == takes.object && event.writes().is_some())?;
    if leaves.thread != by.thread || by.thread == thread || left < missed {
        return None;
    }
    let (t, u) = (case.thread(thread), case.thread(by.thread));
    let (token, word) = (case.object(takes.object?), case.object(looks.object?));
    let text = format!(
        "a store in place of a swap: {u} writes {word} ({}) and then {token} by its {} ({}). {t} stores over that \
         ({}), and a store sees nothing: {t}'s load of {word} ({}) may get the old value, and {t} sleeps ({}). A \
         swap(…, Acquire) takes the token and learns what was done before it was left.",
        at_row(missed),
        leaves.operation(),
        at_row(left),
        at_row(store),
        at_row(load),
        at_row(asleep)
    );
    Some(Remark::new(text).mark(store, format!("does not see what {u} left")))
}
