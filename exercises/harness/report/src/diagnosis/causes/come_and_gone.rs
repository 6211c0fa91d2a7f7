//! What a sleeper was woken for is over before it gets to look: another thread had the lock first, changed it again,
//! and sleeps in turn.

use super::{Case, Remark, at_row, last_sleep_of, last_wakeup, returned};
use crate::record::ThreadId;

/// Silent if the other thread goes on, as one that took an item out of a queue does, and if it does not assign to what
/// the lock guards, as one that only waits does not.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    (0..case.log.threads.len()).find_map(|thread| of_sleeper(case, thread))
}

fn of_sleeper(case: Case<'_>, thread: ThreadId) -> Option<Remark> {
    let (asleep, event) = last_sleep_of(case, thread)?;
    let (condition, mutex) = (event.object?, event.unlocks()?);
    let (notified, by) = last_wakeup(case, thread, condition, asleep)?;
    let mut own = case.log.events_of(thread);
    let (locked, _) = own.find(|(n, event)| *n > notified && event.locks() == Some(mutex))?;
    if returned(case, thread, locked, asleep, mutex) {
        return None;
    }
    // Another one had the lock before, and sleeps on the same condition without having given it back otherwise.
    let (taken, other) = case.log.events[..locked].iter().enumerate().rfind(|(n, event)| {
        *n > notified && event.thread != thread && event.locks() == Some(mutex)
    })?;
    let (gone, last) = case
        .log
        .events_of(other.thread)
        .find(|(number, event)| *number > taken && event.unlocks() == Some(mutex))?;
    let (sleeps, _) = last_sleep_of(case, other.thread)?;
    if sleeps != gone
        || last.object != Some(condition)
        || !case.code.assigns_between(other.place?, last.place?)
    {
        return None;
    }
    let [t, u, w] = [thread, by.thread, other.thread].map(|thread| case.thread(thread));
    let (o, m) = (case.object(condition), case.object(mutex));
    let text = format!(
        "come and gone: {u} wakes {t} ({}), but {w} has {m} first ({}), and what {t} was woken for is over when it \
         looks: {t} sleeps on {o} again ({}). Wait for something that stays so, as the number of a round does.",
        at_row(notified),
        at_row(taken),
        at_row(asleep)
    );
    Some(Remark::new(text).mark(taken, format!("before {t}, which is woken")))
}
