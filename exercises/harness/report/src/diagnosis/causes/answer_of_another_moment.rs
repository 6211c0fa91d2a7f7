//! A change and the answer to it come from two moments: the value that the change replaced is thrown away, and the
//! thread answers with what it reads in a step of its own.

use super::{Case, Remark, about, at_row};
use crate::reading::culprit;
use crate::record::{Effect, Event};

/// Silent if no other thread writes in between, if the thread does not answer with what it read, and if the panic does
/// not speak of the atomic.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let panic = culprit(case.log)?;
    let spoken = case.code.spoken_of(panic)?;
    let loads = case.log.events[..panic.at].iter().enumerate();
    loads
        .filter(|(_, event)| matches!(event.effect, Effect::Load { .. }))
        .find_map(|(load, event)| {
            let (object, place) = (event.object?, event.place?);
            let change = change_beside(case, load, event)?;
            let (from, to) = (load.min(change), load.max(change));
            let (between, other) = (from + 1..to).rev().find_map(|number| {
                let other = case.event(number);
                let writes = other.object == Some(object) && other.writes().is_some();
                (writes && other.thread != event.thread).then_some((number, other))
            })?;
            if !case.code.answers_with(place) || !about(case, panic, &spoken, object, load) {
                return None;
            }
            let (t, u, o) =
                (case.thread(event.thread), case.thread(other.thread), case.object(object));
            let name = case.event(change).operation();
            let text = format!(
                "an answer of another moment: {t} changes {o} by {name} ({}) and answers with what it loads in another \
                 step ({}). In between {u} writes it ({}). Answer with what {name} returns: that is the value it \
                 replaced.",
                at_row(change),
                at_row(load),
                at_row(between)
            );
            Some(Remark::new(text).mark(load, "not what was replaced"))
        })
}

/// The thread's own access before or behind a load, if it is a change in the same function whose answer is ignored.
fn change_beside(case: Case<'_>, load: usize, event: &Event) -> Option<usize> {
    let own = || case.log.events_of(event.thread).filter(|(_, other)| other.object == event.object);
    let before = own().rfind(|(number, _)| *number < load);
    let after = own().find(|(number, _)| *number > load);
    before.into_iter().chain(after).find_map(|(number, other)| {
        let Effect::Update { name, .. } = other.effect else {
            return None;
        };
        let place = other.place?;
        let is_beside = case.code.same_function(place, event.place?);
        (is_beside && case.code.is_ignored(place, name)).then_some(number)
    })
}
