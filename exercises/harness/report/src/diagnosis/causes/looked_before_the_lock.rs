//! A thread looks, takes the lock, and goes by what it saw before it had the lock: another thread has been there.

use super::{Case, Remark, at_row, end_of};
use crate::diagnosis::torn::torn_atomics;
use crate::record::{Effect, ObjectId, ThreadId};

/// Silent if the thread looks again once it has the lock, or if the write in between is itself one that should not be.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let (culprit, end) = end_of(case)?;
    let locks = case.log.events[..end].iter().enumerate().rev();
    locks
        .filter_map(|(number, event)| Some((number, event.locks()?)))
        .find_map(|(locked, lock)| of_lock(case, (culprit, end), locked, lock))
}

fn of_lock(
    case: Case<'_>,
    (culprit, end): (ThreadId, usize),
    locked: usize,
    lock: ObjectId,
) -> Option<Remark> {
    let thread = case.event(locked).thread;
    // What it did before the lock.
    let mut before = case.log.events_before(thread, locked).rev();
    let (look, event) =
        before.find(|(_, event)| !matches!(event.effect, Effect::LockWaits { .. }))?;
    let object = event.object.filter(|_| event.writes().is_none())?;
    let (saw, place) = (event.reads()?, event.place?);
    if !(case.code.decides(place) || case.code.is_returned(place)) {
        return None;
    }
    let mut since = case.log.events_before(thread, end).skip_while(|(n, _)| *n <= locked);
    if since.any(|(_, later)| later.object == Some(object) && later.reads().is_some()) {
        return None;
    }
    // It must be in trouble by that, or do what another has done.
    let mut since = case.log.events_before(thread, end).skip_while(|(n, _)| *n <= locked);
    if thread != culprit
        && !since.any(|(_, later)| later.object == Some(object) && later.writes().is_some())
    {
        return None;
    }
    // Another thread wrote it under the lock in between.
    let (between, writer) = (look + 1..locked).rev().find_map(|number| {
        let writer = case.event(number);
        let writes = writer.object == Some(object) && writer.writes().is_some_and(|new| new != saw);
        let held = || case.log.held(writer.thread, number);
        let under = writes && writer.thread != thread && held().iter().any(|(l, _)| *l == lock);
        under.then_some((number, writer))
    })?;
    // If that one goes by an old value itself, it is the one that is wrong.
    if torn_atomics(case).any(|torn| torn.write == between) {
        return None;
    }
    let (t, u) = (case.thread(thread), case.thread(writer.thread));
    let (o, m) = (case.object(object), case.object(lock));
    let text = format!(
        "no second look: {t} looks at {o} ({}) before it has {m} ({}), {u} changes {o} in between ({}), and {t} goes \
         by what it saw. Look again under the lock.",
        at_row(look),
        at_row(locked),
        at_row(between)
    );
    Some(Remark::new(text).mark(locked, "does not look again"))
}
