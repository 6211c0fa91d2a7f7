//! An exchange that fails because another thread was faster, or for no reason, and whose failure is taken for the answer.

use super::{Case, Remark, STATES, about, at_row};
use crate::diagnosis::code::Dependence;
use crate::reading::culprit;
use crate::record::{Effect, Event, Value};

/// Silent in a loop, where the thread may have decided by what it found, if it does anything else with the atomic in that call, if
/// what was to be stored is not made of what it had read, if the atomic may hold a state, and if the panic does not speak of it.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let panic = culprit(case.log)?;
    let spoken = case.code.spoken_of(panic)?;
    let failed = case.log.events[..panic.at].iter().enumerate();
    let (number, event) = failed.rev().find(|&(number, event)| {
        is_last_word(case, number, event) == Some(true)
            && event.object.is_some_and(|id| about(case, panic, &spoken, id, number))
    })?;
    let Effect::Exchange { name, expected, found: Err(found), .. } = event.effect else {
        return None;
    };
    let (t, o) = (case.thread(event.thread), case.object(event.object?));
    let reason = if found == expected {
        "for no reason, as its weak form may".to_owned()
    } else {
        format!("because {o} is {} by then", case.show(found))
    };
    let text = format!(
        "given up too early: {t}'s {name} of {o} ({}) fails {reason}, and {t} takes that for the answer. It says only \
         that what {t} read before is no longer so: look at the value again, and decide by that.",
        at_row(number)
    );
    Some(Remark::new(text).mark(number, "gives up"))
}

/// Whether a failed exchange is the last that its thread does with the atomic in that call, though it was to store what it
/// had made of the value.
fn is_last_word(case: Case<'_>, number: usize, event: &Event) -> Option<bool> {
    let Effect::Exchange { name, expected, new, found: Err(found), .. } = event.effect else {
        return None;
    };
    let place = event.place?;
    let own = || case.log.events_of(event.thread).filter(|(_, other)| other.object == event.object);
    let (_, look) = own().rfind(|(other, _)| *other < number)?;
    let is_made_of_it = case.code.dependence(look.place?, place) == Some(Dependence::Data);
    let goes_on = own().find(|(other, _)| *other > number).is_some_and(|(_, next)| {
        next.place.is_some_and(|next| case.code.same_function(place, next))
    });
    let is_amount = |value| matches!(value, Value::Int(n) if n > STATES);
    Some(
        [expected, new, found].into_iter().all(is_amount)
            && case.code.is_in_loop(place) == Some(false)
            && is_made_of_it
            && !goes_on
            && !case.code.is_ignored(place, name),
    )
}
