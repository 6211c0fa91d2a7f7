//! A thread adds first and takes it back if that was too much: in between, others see a value that never counted.

use super::{Case, Remark, about, at_row, takes_back};
use crate::diagnosis::code::Dependence;
use crate::reading::culprit;

/// Silent if the second half does not depend on the first, as in a count of readers, and if the panic does not speak of
/// the atomic.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let panic = culprit(case.log)?;
    let spoken = case.code.spoken_of(panic)?;
    let events = || case.log.events[..panic.at].iter().enumerate();
    events().find_map(|(add, event)| {
        let object = event.object?;
        let place = event.place?;
        let mut later = case.log.events_of(event.thread).filter(|(n, _)| *n > add);
        // Taken back, or about to be.
        let back = later.find(|(_, other)| other.object == Some(object) && other.order().is_some());
        let (back, undo) = back.filter(|(_, other)| takes_back(event, other))?;
        if case.code.dependence(place, undo.place?)? != Dependence::Control {
            return None;
        }
        let (seen, looks) = events().take(back).skip(add + 1).find(|(_, other)| {
            other.thread != event.thread
                && other.object == Some(object)
                && other.reads().is_some()
                && other.reads() == event.writes()
        })?;
        if !about(case, panic, &spoken, object, seen) {
            return None;
        }
        let (t, u, o) = (case.thread(event.thread), case.thread(looks.thread), case.object(object));
        let text = format!(
            "added and taken back: {t} changes {o} ({}) and undoes that ({}). In between {u} finds {} ({}), a value \
             that should never have been there. Look first and change in one step: compare_exchange in a loop.",
            at_row(add),
            at_row(back),
            case.show(looks.reads()?),
            at_row(seen)
        );
        Some(Remark::new(text).mark(seen, format!("what {t} takes back")))
    })
}
