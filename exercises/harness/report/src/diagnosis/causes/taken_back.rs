//! A thread adds first and takes it back if that was too much: in between, others see a value that never counted.

use super::{Case, Remark, about, at_row, last_futex_sleep_of, takes_back, tells};
use crate::diagnosis::code::Dependence;
use crate::reading::culprit;
use crate::record::{Event, ObjectId, ThreadId};

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

/// The same of what a thread finds last before it falls asleep: it waits for one that has gone.
pub(super) fn of_sleeper(case: Case<'_>) -> Option<Remark> {
    let (dependence, remark) = gone(case)?;
    let lesson = "Look first and change in one step: compare_exchange in a loop.";
    (dependence == Some(Dependence::Control)).then(|| remark(lesson))
}

/// The same of what is always taken back, as the count of those who have a lock is.
pub(super) fn untold(case: Case<'_>) -> Option<Remark> {
    let (_, remark) = gone(case)?;
    Some(remark("Who takes back what another waits for must tell it."))
}

/// A sleeper that goes by what another takes back, and how the two halves of that depend on each other. Silent if the other, once
/// it has taken that back, changes the sleeper's word or wakes somebody there.
fn gone<'a>(case: Case<'a>) -> Option<(Option<Dependence>, impl Fn(&str) -> Remark + 'a)> {
    (0..case.log.threads.len()).find_map(|thread| {
        let (asleep, sleep, _) = last_futex_sleep_of(case, thread)?;
        let word = sleep.object?;
        let mut seen = case.log.events_before(thread, asleep);
        let (seen, looks) = seen.rfind(|(_, e)| e.object != sleep.object && e.reads().is_some())?;
        let object = looks.object.filter(|_| looks.place.is_some_and(|place| case.code.decides(place)))?;
        let others = (0..case.log.threads.len()).filter(|&other| other != thread);
        let (add, back) = others.into_iter().find_map(|other| around(case, other, object, seen, word))?;
        let dependence = case.code.dependence(case.event(add).place?, case.event(back).place?);
        let found = case.show(looks.reads()?);
        let remark = move |lesson: &str| {
            let (t, u) = (case.thread(thread), case.thread(case.event(add).thread));
            let text = format!(
                "added and taken back: {u} changes {} ({}) and undoes that ({}). In between {t} finds {found} ({}), sleeps on {} \
                 ({}), and is not told. {lesson}",
                case.object(object),
                at_row(add),
                at_row(back),
                at_row(seen),
                case.object(word),
                at_row(asleep)
            );
            Remark::new(text).mark(seen, format!("what {u} takes back"))
        };
        Some((dependence, remark))
    })
}

/// The last change of an atomic by a thread before the event `seen`, and the first after it, which takes the other back, if the
/// thread does nothing with `word` after that.
fn around(
    case: Case<'_>,
    thread: ThreadId,
    object: ObjectId,
    seen: usize,
    word: ObjectId,
) -> Option<(usize, usize)> {
    let is_own = |event: &Event| event.object == Some(object) && event.order().is_some();
    let (add, adds) = case.log.events_before(thread, seen).rfind(|(_, event)| is_own(event))?;
    let mut later = case.log.events_of(thread).filter(|(number, _)| *number > seen);
    let (back, undoes) = later.find(|(_, event)| is_own(event))?;
    (takes_back(adds, undoes) && !later.any(|(_, event)| tells(event, word))).then_some((add, back))
}
