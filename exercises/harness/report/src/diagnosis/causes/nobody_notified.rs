//! What a thread waits for is so, as it shows when it is woken once more, and nobody tells it.

use super::{Case, Remark, at_row, field, gives_back_changed, last_sleep_of};
use crate::record::{Effect, Event, ThreadId};

/// Silent if the thread sleeps in a fixture, if it does not look again when it wakes up, so that it would go on in any case, and
/// for a futex, whose word says enough.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    case.log.untold.iter().find_map(|&thread| of_sleeper(case, thread))
}

fn of_sleeper(case: Case<'_>, thread: ThreadId) -> Option<Remark> {
    let (asleep, event) = last_sleep_of(case, thread)?;
    let Effect::Sleeps { expected: None, .. } = event.effect else {
        return None;
    };
    let of_test = event.object.is_some_and(|id| case.log.object(id).is_fixture);
    if of_test || case.code.is_in_loop(event.place?) != Some(true) {
        return None;
    }
    let t = case.thread(thread);
    let waits = match event.object {
        Some(condition) => format!("{t} sleeps on {}", case.object(condition)),
        None => format!("{t} parks"),
    };
    let row = at_row(asleep);
    let later = || case.log.events.iter().enumerate().skip(asleep + 1);
    // Who parks waits for something that it has looked at.
    let has_seen = |object| {
        let mut own = case.log.events_before(thread, asleep);
        own.any(|(_, seen)| {
            seen.object == Some(object) && (seen.reads().is_some() || seen.locks().is_some())
        })
    };
    let concerns = |other: &Event| event.object.is_some() || other.object.is_some_and(has_seen);
    let changes = || {
        later().filter(|(_, other)| {
            other.thread != thread && may_end_wait(event, other) && concerns(other)
        })
    };
    let notifies_it =
        |told: &Event| told.object == event.object && matches!(told.effect, Effect::Notify { .. });
    let is_notifier = |thread| {
        case.log.events_of(thread).any(|(_, told)| event.object.is_some() && notifies_it(told))
    };
    // No mutex guards an atomic, even if the sleeper has read it under one.
    let read_under_the_lock = |object| {
        let mutex = event.unlocks()?;
        let own = case.log.events_before(thread, asleep).rev();
        let mut own = own.take_while(|(_, e)| e.locks() != Some(mutex));
        own.find(|(_, e)| e.object == Some(object) && e.reads().is_some())
    };
    let changes_what_it_read = |(number, other): &(usize, &Event)| {
        let read = other.object.and_then(read_under_the_lock);
        other.thread != thread
            && other.writes().is_some()
            && read.is_some_and(|(read, _)| *number > read)
    };
    // One that falls asleep itself may have counted itself, and no more; who never notifies may only have taken.
    let change = changes()
        .rfind(|(_, other)| !other.sleeps() && is_notifier(other.thread))
        .or_else(|| changes().rfind(|(_, other)| !other.sleeps()))
        .or_else(|| changes().next_back())
        .or_else(|| case.log.events.iter().enumerate().rfind(changes_what_it_read));
    let Some((changed, change)) = change else {
        let advances = |event: &Event| matches!(event.effect, Effect::Advance { .. });
        let (text, at) = match later().rfind(|(_, event)| advances(event)) {
            Some((advanced, _)) => (
                format!(
                    "a time that nobody is woken for: {waits} ({row}), the clock is advanced ({}), and nothing wakes {t}. \
                     Woken once more, {t} goes on. Sleep until the deadline at the latest.",
                    at_row(advanced)
                ),
                advanced,
            ),
            None if event.object.is_some() => (
                format!(
                    "a wait for what is so already: {waits} ({row}), and nothing changes after that; woken once more, {t} \
                     goes on. Look before you sleep, under the lock."
                ),
                asleep,
            ),
            // Its token may have been taken by another wait.
            None => return None,
        };
        return Some(Remark::new(text).mark(at, format!("{t} is not woken")));
    };
    let u = case.thread(change.thread);
    let makes = match change.unlocks() {
        Some(mutex) => format!("{u} changes what {} guards", case.object(mutex)),
        None => {
            format!("{u} changes {} by its {}", case.object(change.object?), change.operation())
        }
    };
    let notifies = |told: &Event| matches!(told.effect, Effect::Notify { .. } | Effect::Unpark(_));
    let mut told = later().filter(|(number, told)| *number > changed && notifies(told));
    let (nobody, tell) = match event.object {
        // Somebody else was told.
        Some(condition) if told.clone().any(|(_, told)| told.object == Some(condition)) => {
            return None;
        }
        Some(condition) => (format!("nobody notifies {}", case.object(condition)), "notify"),
        None => (format!("nobody unparks {t}"), "unpark"),
    };
    let told = told.find(|(_, told)| told.thread == change.thread);
    let instead = match told.map(|(number, told)| (at_row(number), &told.effect, told.object)) {
        Some((row, Effect::Unpark(other), _)) => {
            format!(": {u} unparks {} ({row})", case.thread(*other))
        }
        Some((row, _, Some(object))) => format!(": {u} notifies {} ({row})", case.object(object)),
        _ => String::new(),
    };
    let comes_after =
        |words: &[&str]| change.place.is_some_and(|place| case.code.comes_after(place, words));
    let leaves_out = |condition| {
        comes_after(&["notify_one", "notify_all"]) && comes_after(&[&field(case, condition)])
    };
    let remedy = if told.is_none() && event.object.is_some_and(leaves_out) {
        format!(
            "Behind that change is a notification, and {u} leaves it out: what it goes by was not so."
        )
    } else {
        format!("Change first, then {tell}.")
    };
    let text = format!(
        "a change that nobody is told of: {waits} ({row}), {makes} ({}), and {nobody} after that{instead}. Woken once \
         more, {t} goes on. {remedy}",
        at_row(changed)
    );
    Some(Remark::new(text).mark(changed, "untold"))
}

/// Whether an event changes what the sleeper `asleep` may wait for: what its mutex guards, or anything if it parks.
fn may_end_wait(asleep: &Event, event: &Event) -> bool {
    match asleep.unlocks() {
        Some(mutex) => event.unlocks() == Some(mutex) && gives_back_changed(event),
        None => event.writes().is_some() || gives_back_changed(event),
    }
}
