//! A thread is woken for a change, looks after another one has come on top of it, and returns: the first is left undone.

use super::{Case, Remark, at_row, gives_back_changed, last_sleep_of};
use crate::record::{Effect, Event, ThreadId};

/// One thread makes both changes under the lock, and sleeps for good; the woken one changes nothing and tells nobody. Silent if
/// another thread has changed something under that lock since the first change, and if there was but one.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    (0..case.log.threads.len()).find_map(|thread| of_sleeper(case, thread))
}

fn of_sleeper(case: Case<'_>, thread: ThreadId) -> Option<Remark> {
    let (asleep, _) = last_sleep_of(case, thread)?;
    let (told, woken, mutex) = case.log.events_of(thread).find_map(|(number, event)| {
        let Effect::Notify { woken, .. } = &event.effect else {
            return None;
        };
        let &[woken] = woken.as_slice() else {
            return None;
        };
        let slept = case.log.events_before(woken, number).rfind(|(_, e)| e.sleeps())?;
        Some((number, woken, slept.1.unlocks()?))
    })?;
    let changes = |event: &Event| {
        event.unlocks() == Some(mutex) && !event.sleeps() && gives_back_changed(event)
    };
    let own = || case.log.events_of(thread).filter(|(_, event)| changes(event));
    let (first, _) = own().rfind(|(number, _)| *number < told)?;
    let (second, _) = own().find(|(number, _)| *number > told)?;
    let (returned, _) = returns_idle(case, woken, told)?;
    let others = case.log.events[first..].iter().any(|e| e.thread != thread && changes(e));
    if others || second > returned {
        return None;
    }
    let (t, u, m) = (case.thread(thread), case.thread(woken), case.object(mutex));
    let text = format!(
        "what a thread is woken for is left undone: {t} changes what {m} guards ({}), wakes {u} ({}) and changes it once more ({}); \
         {u} returns ({}) and has changed nothing there, and {t} sleeps ({}). Do what there is to do, and only then look whether \
         it is over.",
        at_row(first),
        at_row(told),
        at_row(second),
        at_row(returned),
        at_row(asleep)
    );
    Some(Remark::new(text).mark(returned, "leaves it to nobody"))
}

/// Where a thread returns, if it has only locked and unlocked since it was woken, and let go of what it shares.
fn returns_idle(case: Case<'_>, thread: ThreadId, told: usize) -> Option<(usize, &Event)> {
    let own = || case.log.events_of(thread).filter(|(number, _)| *number > told);
    let is_idle = |event: &Event| match event.effect {
        Effect::Unlock(_) => !gives_back_changed(event),
        Effect::Lock(_) | Effect::LockWaits { .. } => true,
        Effect::Count { .. } | Effect::WeakCount { .. } => true,
        Effect::Wakes { .. } | Effect::Returns => true,
        _ => false,
    };
    let is_idle = own().all(|(_, event)| is_idle(event));
    own().find(|(_, event)| is_idle && event.effect == Effect::Returns)
}
