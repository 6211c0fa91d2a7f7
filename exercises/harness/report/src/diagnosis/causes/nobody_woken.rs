//! A futex's word is no longer what its sleeper expects, and nobody woke the sleeper after that change.

use super::{Case, Remark, at_row, last_futex_sleep_of, takes_back};
use crate::record::{Effect, Event, ThreadId};

/// Silent if the word is, or is again, what the sleeper expects, for then it would sleep anyway, and if the change only
/// takes back what the same thread did before.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    (0..case.log.threads.len()).find_map(|thread| of_sleeper(case, thread))
}

fn of_sleeper(case: Case<'_>, thread: ThreadId) -> Option<Remark> {
    let (asleep, event, expected) = last_futex_sleep_of(case, thread)?;
    let word = event.object?;
    if case.log.object(word).newest == expected {
        return None;
    }
    // The change that it is left with.
    let since = || case.log.events.iter().enumerate().skip(asleep);
    let (changed, change) =
        since().rfind(|(_, event)| event.object == Some(word) && event.writes().is_some())?;
    // What the sleeper found was that thread's too, and is taken back: the first step is the mistake.
    let found = case.log.events[..asleep]
        .iter()
        .rfind(|event| event.object == Some(word) && event.writes().is_some());
    if found.is_some_and(|found| found.thread == change.thread && takes_back(found, change)) {
        return None;
    }
    let wakes =
        |event: &Event| event.object == Some(word) && matches!(event.effect, Effect::Notify { .. });
    if since().any(|(number, event)| number > changed && wakes(event)) {
        return None;
    }
    let too_early = case.log.events_before(change.thread, changed).rfind(|(_, event)| wakes(event));
    let (t, u, o) = (case.thread(thread), case.thread(change.thread), case.object(word));
    let too_early = too_early.map_or_else(String::new, |(number, _)| {
        format!(" Its wake ({}) comes before the change.", at_row(number))
    });
    let text = format!(
        "a change that nobody is told of: {t} sleeps as long as {o} is {} ({}), {u} changes it by its {} ({}), and no \
         thread wakes {t} after that.{too_early} Change first, then wake.",
        case.show(expected),
        at_row(asleep),
        change.operation(),
        at_row(changed)
    );
    Some(Remark::new(text).mark(changed, format!("{t} is not woken")))
}
