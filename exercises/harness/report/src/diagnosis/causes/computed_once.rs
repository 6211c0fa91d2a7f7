//! An exchange that is tried again with what it found, but with the same new value, which was made of the value before.

use super::{Case, Remark, STATES, about, at_row};
use crate::diagnosis::code::Dependence;
use crate::reading::culprit;
use crate::record::{Effect, Event, Value};

/// Silent if the new value may be a state, if it is not made of what the thread had read, and if the panic does not speak of it.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let panic = culprit(case.log)?;
    let spoken = case.code.spoken_of(panic)?;
    case.log.events[..panic.at].iter().enumerate().find_map(|(number, event)| {
        let remark = of_exchange(case, number, event)?;
        about(case, panic, &spoken, event.object?, number).then_some(remark)
    })
}

/// Of an exchange that succeeds.
fn of_exchange(case: Case<'_>, number: usize, event: &Event) -> Option<Remark> {
    let Effect::Exchange { name, expected, new, found: Ok(_), .. } = event.effect else {
        return None;
    };
    let own = case.log.events_before(event.thread, number).rev();
    let mut own = own.filter(|(_, other)| other.object == event.object);
    let (failed, before) = own.next()?;
    let Effect::Exchange { expected: first, new: same, found: Err(found), .. } = before.effect
    else {
        return None;
    };
    let (_, look) = own.next()?;
    let is_amount = matches!(new, Value::Int(n) if n > STATES);
    let is_made_of_it = case.code.dependence(look.place?, event.place?) == Some(Dependence::Data);
    if new != same || first == expected || found != expected || !is_amount || !is_made_of_it {
        return None;
    }
    let (t, o) = (case.thread(event.thread), case.object(event.object?));
    let [first, expected, new] = [first, expected, new].map(|value| case.show(value));
    let text = format!(
        "a new value made of an old one: {t}'s {name} of {o} fails to make {new} of {first} ({}), and then makes {new} of \
         {expected} ({}). What it stores must be computed anew from what it found.",
        at_row(failed),
        at_row(number)
    );
    Some(Remark::new(text).mark(number, format!("still made of {first}")))
}
