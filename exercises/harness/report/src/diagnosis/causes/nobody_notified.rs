//! What a thread waits for is so, as it shows when it is woken once more, and nobody tells it.

use super::{Case, Remark, at_row, last_sleep_of};
use crate::record::{Data, Effect, Event, ThreadId};

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
    let others = || case.log.events.iter().enumerate().skip(asleep);
    let mut others_changes =
        others().filter(|(_, change)| change.thread != thread && may_end_wait(event, change));
    let Some((changed, change)) = others_changes.next_back() else {
        let text = format!(
            "a wait for what is so already: {waits} ({row}), and nothing changes after that; woken once more, {t} goes on. \
             Look before you sleep, under the lock."
        );
        return Some(Remark::new(text).mark(asleep, "sleeps for nothing"));
    };
    let u = case.thread(change.thread);
    let what = change.object.map_or("it", |id| case.object(id));
    let makes = match change.unlocks() {
        Some(mutex) => {
            format!("{u} changes what {} guards ({})", case.object(mutex), at_row(changed))
        }
        None => format!("{u} changes {what} by its {} ({})", change.operation(), at_row(changed)),
    };
    // Those that were told since are others.
    let instead = others().find(|(number, told)| {
        *number >= changed
            && told.thread == change.thread
            && tells(told)
            && told.object != event.object
    });
    let (tell, tells_nobody) = match event.object {
        Some(condition) => {
            ("notify", format!("nobody notifies {} after that", case.object(condition)))
        }
        None => ("unpark", format!("nobody unparks {t} after that")),
    };
    let instead = instead.map_or_else(String::new, |(number, told)| {
        let Effect::Notify { woken, .. } = &told.effect else { return String::new() };
        let o = told.object.map_or("another", |id| case.object(id));
        let nobody = if woken.is_empty() { ", where nobody sleeps" } else { "" };
        format!(": {u} notifies {o} ({}){nobody}", at_row(number))
    });
    let text = format!(
        "a change that nobody is told of: {waits} ({row}), {makes}, and {tells_nobody}{instead}. Woken once more, {t} \
         goes on. Change first, then {tell}."
    );
    Some(Remark::new(text).mark(changed, "untold"))
}

/// Whether an event changes what the sleeper `asleep` may wait for: what its mutex guards, or anything if it parks.
fn may_end_wait(asleep: &Event, event: &Event) -> bool {
    let changes = match &event.data {
        Some(Data::Shown { before, after }) => before != after,
        Some(Data::Hidden { mutably }) => *mutably,
        Some(Data::Said(_)) => true,
        None => false,
    };
    match asleep.unlocks() {
        Some(mutex) => event.unlocks() == Some(mutex) && changes,
        None => event.writes().is_some() || event.unlocks().is_some() && changes,
    }
}

fn tells(event: &Event) -> bool {
    matches!(event.effect, Effect::Notify { .. } | Effect::Unpark(_))
}
