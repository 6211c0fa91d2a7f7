//! A futex that does not sleep, because its word is no longer what was expected, or a park that finds an old token,
//! and a thread that takes that for being woken.

use super::{Case, Remark, at_row, end_of};
use crate::record::{Effect, Event, ThreadId};

/// Silent if the thread reads the word again, if a loop is around the wait, and if what the futex found may be what the
/// thread waits for.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    of_futex(case).or_else(|| of_park(case))
}

fn of_futex(case: Case<'_>) -> Option<Remark> {
    let (thread, end) = end_of(case)?;
    let waits = case
        .log
        .events_before(thread, end)
        .rfind(|(_, event)| event.sleeps() || matches!(event.effect, Effect::NoSleep { .. }));
    let (number, event) = waits?;
    let Effect::NoSleep { name, found, .. } = event.effect else {
        return None;
    };
    let (word, place) = (event.object?, event.place?);
    let (_, look) = case
        .log
        .events_before(thread, number)
        .rfind(|(_, event)| event.object == Some(word) && event.reads().is_some())?;
    if looks_again(case, thread, number, look) || case.code.is_in_loop(place) != Some(false) {
        return None;
    }
    // That it is not what they wait for shows if the look says so, if another thread finds it and sleeps, or if more
    // comes.
    let waits_on = case.code.holds_for(look.place?, found) == Some(true);
    let sleeps_on = case.log.events.iter().any(|other| {
        other.object == Some(word)
            && matches!(other.effect, Effect::Sleeps { expected: Some(value), .. } if value == found)
    });
    let is_last = case.log.object(word).newest == found;
    if !waits_on && !sleeps_on && is_last {
        return None;
    }
    let (t, o) = (case.thread(thread), case.object(word));
    let text = format!(
        "`if` where a `while` is needed: {t}'s {name} returns at once, because {o} is {} ({}), and {t} goes on as if \
         it had been woken. Look at {o} again after every wait, in a loop.",
        case.show(found),
        at_row(number)
    );
    Some(Remark::new(text).mark(number, "does not look again"))
}

/// Silent if the token came after the thread had looked: then it may be the one that was waited for.
fn of_park(case: Case<'_>) -> Option<Remark> {
    let (thread, end) = end_of(case)?;
    let (returned, event) = case
        .log
        .events_before(thread, end)
        .rfind(|(_, event)| event.sleeps() || event.effect == Effect::ParkReturns)?;
    if event.effect != Effect::ParkReturns {
        return None;
    }
    let (look, looks) =
        case.log.events_before(thread, returned).rfind(|(_, event)| event.reads().is_some())?;
    let (place, wait) = (looks.place?, event.place?);
    let (left, by) = case.log.events[..returned]
        .iter()
        .enumerate()
        .rfind(|(_, event)| event.effect == Effect::Unpark(thread))?;
    let in_one_go = case.code.same_function(place, wait)
        && case.code.decides(place)
        && case.code.is_in_loop(wait) == Some(false);
    if left > look || !in_one_go || looks_again(case, thread, returned, looks) {
        return None;
    }
    let (t, u, o) = (case.thread(thread), case.thread(by.thread), case.object(looks.object?));
    let text = format!(
        "`if` where a `while` is needed: {t}'s park returns at once ({}), by a token that {u} left ({}) before {t} \
         looked at {o} ({}). Look at {o} again after every park, in a loop.",
        at_row(returned),
        at_row(left),
        at_row(look)
    );
    Some(Remark::new(text).mark(returned, "does not look again"))
}

/// Whether a thread reads, after its wait, what it looked at before, in the same function.
fn looks_again(case: Case<'_>, thread: ThreadId, wait: usize, look: &Event) -> bool {
    let mut since = case.log.events_of(thread).filter(|(number, _)| *number > wait);
    since.any(|(_, later)| {
        let place = look.place.zip(later.place);
        later.object == look.object
            && later.reads().is_some()
            && place.is_some_and(|(look, later)| case.code.same_function(look, later))
    })
}
