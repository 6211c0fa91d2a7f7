//! A thread notifies first and changes what is waited for afterwards: the sleeper wakes, finds nothing changed, and
//! sleeps again.

use super::{Case, Remark, at_row, last_sleep_of, last_wakeup, returned};
use crate::record::{Effect, ObjectId, ThreadId};

/// Silent if the notifier had the lock before it notified, since its last notification: then what it changed may have
/// been changed then.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    (0..case.log.threads.len()).find_map(|thread| of_sleeper(case, thread))
}

fn of_sleeper(case: Case<'_>, thread: ThreadId) -> Option<Remark> {
    let (asleep, event) = last_sleep_of(case, thread)?;
    let (condition, mutex) = (event.object?, event.unlocks()?);
    let (notified, by) = last_wakeup(case, thread, condition, asleep)?;
    let nobody = |from: usize, to: usize| {
        !case.log.events[from..to].iter().any(|e| e.thread != thread && e.locks() == Some(mutex))
    };
    let (changes, _) = case
        .log
        .events_of(by.thread)
        .find(|(number, event)| *number > asleep && event.locks() == Some(mutex))?;
    if !nobody(notified, asleep)
        || returned(case, thread, notified, asleep, mutex)
        || had_lock(case, by.thread, notified, condition, mutex)
    {
        return None;
    }
    let (t, u, o, m) =
        (case.thread(thread), case.thread(by.thread), case.object(condition), case.object(mutex));
    let text = format!(
        "notified too early: {u} notifies {o} ({}) before it takes {m} and changes what {t} waits for ({}). {t} wakes, \
         finds nothing changed and sleeps again ({}). Change first, under the lock, then notify.",
        at_row(notified),
        at_row(changes),
        at_row(asleep)
    );
    Some(Remark::new(text).mark(notified, "nothing has changed yet"))
}

/// Whether a thread had the lock between its notification before and this one, or holds it.
fn had_lock(
    case: Case<'_>,
    thread: ThreadId,
    at: usize,
    condition: ObjectId,
    mutex: ObjectId,
) -> bool {
    let holds = case.log.held(thread, at).iter().any(|(lock, _)| *lock == mutex);
    let mut before = case.log.events_before(thread, at).rev().take_while(|(_, event)| {
        !(event.object == Some(condition) && matches!(event.effect, Effect::Notify { .. }))
    });
    holds || before.any(|(_, event)| event.locks() == Some(mutex))
}
