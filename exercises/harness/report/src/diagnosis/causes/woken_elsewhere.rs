//! A wake at one word, where nobody sleeps any more, while a thread sleeps on another.

use super::{Case, Remark, at_row, field, last_futex_sleep_of};
use crate::record::{Effect, Event, ThreadId};

/// The wake is the last one there is, the function that it stands in wakes on the sleeper's word as well, and has looked at a third
/// one to know where. Silent if anybody changes the sleeper's word after it fell asleep.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    (0..case.log.threads.len()).find_map(|thread| of_sleeper(case, thread))
}

fn of_sleeper(case: Case<'_>, thread: ThreadId) -> Option<Remark> {
    let (asleep, sleep, _) = last_futex_sleep_of(case, thread)?;
    let word = sleep.object?;
    let mut since = case.log.events.iter().enumerate().skip(asleep + 1);
    if since.clone().any(|(_, e)| e.object == Some(word) && e.writes().is_some()) {
        return None;
    }
    let (wake, wakes) = since.rfind(|(_, event)| matches!(event.effect, Effect::Notify { .. }))?;
    let at_nobody = matches!(&wakes.effect, Effect::Notify { woken, .. } if woken.is_empty());
    if !at_nobody || wakes.object == Some(word) || wakes.thread == thread {
        return None;
    }
    let (place, name) = (wakes.place?, field(case, word));
    let may_wake =
        ["wake_one", "wake_all"].iter().any(|wake| case.code.has_beside(place, wake, &name));
    let decides = |event: &Event| {
        event.object != wakes.object
            && event.reads().is_some()
            && event
                .place
                .is_some_and(|look| case.code.same_function(look, place) && case.code.decides(look))
    };
    let (look, looks) = case.log.events_before(wakes.thread, wake).rfind(|(_, e)| decides(e))?;
    let (t, u) = (case.thread(thread), case.thread(wakes.thread));
    let text = format!(
        "woken at the wrong place: {u} finds {} in {} ({}) and wakes on {} ({}), where nobody sleeps; {t} sleeps on {} ({}), and \
         nobody wakes it there. Wake there too, or let those who are woken be counted out by then.",
        case.show(looks.reads()?),
        case.object(looks.object?),
        at_row(look),
        case.object(wakes.object?),
        at_row(wake),
        case.object(word),
        at_row(asleep)
    );
    may_wake.then(|| Remark::new(text).mark(wake, format!("{t} sleeps elsewhere")))
}
