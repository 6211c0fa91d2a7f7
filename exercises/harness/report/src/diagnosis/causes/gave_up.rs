//! A lock that is not free is taken for an answer: the thread gives up where it should wait, or look elsewhere.

use super::{Case, Remark, at_row};
use crate::reading::culprit;
use crate::record::{Effect, Event, ThreadId};

/// Silent if the thread asks for the lock again, or does anything else with an object of the lesson, and of another thread than
/// the one that panics if it has not returned by then.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let panic = culprit(case.log)?;
    let returned = |&thread: &ThreadId| {
        let mut own = case.log.events_before(thread, panic.at);
        own.next_back().is_some_and(|(_, event)| event.effect == Effect::Returns)
    };
    let others = (0..case.log.threads.len()).filter(|&thread| thread != panic.thread);
    let mut all = std::iter::once(panic.thread).chain(others.filter(returned));
    all.find_map(|thread| of_thread(case, thread, panic.at))
}

fn of_thread(case: Case<'_>, thread: ThreadId, end: usize) -> Option<Remark> {
    let mut own = case.log.events_before(thread, end);
    let (number, event) = own.rfind(|(_, event)| concerns_lesson(case, event))?;
    let Effect::TryLock { name, ok: false } = event.effect else {
        return None;
    };
    let lock = event.object?;
    let (holder, since) =
        (0..case.log.threads.len()).filter(|&other| other != event.thread).find_map(|other| {
            let held = case.log.held(other, number);
            let (_, since) = held.into_iter().find(|(held, _)| *held == lock)?;
            Some((other, since))
        })?;
    let (t, u, o) = (case.thread(event.thread), case.thread(holder), case.object(lock));
    let text = format!(
        "giving up: {t}'s {name} finds {o} held by {u} ({}, since {}), and {t} goes on without it. That a lock is not \
         free says nothing about what it guards: wait for it, or look where no lock is needed.",
        at_row(number),
        at_row(since)
    );
    Some(Remark::new(text).mark(number, "gives up"))
}

/// Whether it is an operation on what the code under test has made.
fn concerns_lesson(case: Case<'_>, event: &Event) -> bool {
    let made = event.object.is_some_and(|id| !case.log.object(id).is_fixture);
    made && !matches!(event.effect, Effect::Count { .. })
}
