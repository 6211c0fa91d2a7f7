//! An exchange that fails, and whose failure nobody looks at: nothing was stored, and the thread goes on as if it had
//! been.

use super::{Case, Remark, about, at_row};
use crate::reading::culprit;
use crate::record::{Effect, Event};

/// Silent if it failed spuriously, if the atomic held already what was to be stored, as a flag does, if the thread
/// tries again, if it writes anything else in the same function, which may make up for it, and if the panic does not
/// speak of the atomic.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let panic = culprit(case.log)?;
    let spoken = case.code.spoken_of(panic)?;
    let mut failed = case.log.events[..panic.at].iter().enumerate();
    let (number, event) = failed.find(|&(number, event)| {
        is_ignored(case, number, event)
            && event.object.is_some_and(|id| about(case, panic, &spoken, id, number))
    })?;
    let Effect::Exchange { name, expected, found: Err(found), .. } = event.effect else {
        return None;
    };
    let object = event.object?;
    let (between, wrote) = last_write(case, event, number)?;
    let (t, o) = (case.thread(event.thread), case.object(object));
    let text = format!(
        "a failure that is ignored: {t}'s {name} of {o} expects {} and finds {} ({}), which {} wrote ({}). Nothing is \
         stored then, and {t} goes on as if it were. Try again with what was found.",
        case.show(expected),
        case.show(found),
        at_row(number),
        case.thread(wrote.thread),
        at_row(between)
    );
    Some(Remark::new(text).mark(number, "failure ignored"))
}

/// What another thread put there instead.
fn last_write<'a>(case: Case<'a>, event: &Event, number: usize) -> Option<(usize, &'a Event)> {
    let all = case.log.events[..number].iter().enumerate();
    let mut writes =
        all.filter(|(_, other)| other.object == event.object && other.writes().is_some());
    writes.next_back().filter(|(_, other)| other.thread != event.thread)
}

fn is_ignored(case: Case<'_>, number: usize, event: &Event) -> bool {
    let (Effect::Exchange { name, expected, new, found: Err(found), .. }, Some(place)) =
        (&event.effect, event.place)
    else {
        return false;
    };
    let same_call =
        |other: &Event| other.place.is_some_and(|other| case.code.same_function(place, other));
    let own = || case.log.events_of(event.thread);
    let before = own().rev().skip_while(|(other, _)| *other >= number);
    let after = own().skip_while(|(other, _)| *other <= number);
    let call: Vec<(usize, &Event)> = before
        .take_while(|(_, other)| same_call(other))
        .chain(after.take_while(|(_, other)| same_call(other)))
        .collect();
    // One that has looked makes a new value of the old one: it is no flag.
    let looked = |(n, other): &(usize, &Event)| {
        *n < number && other.object == event.object && matches!(other.effect, Effect::Load { .. })
    };
    let makes_up = |(n, other): &(usize, &Event)| {
        other.writes().is_some() || *n > number && other.object == event.object
    };
    found != expected
        && (found != new || call.iter().any(looked))
        && case.code.is_ignored(place, name)
        && !call.iter().any(makes_up)
}
