//! What a condition variable's mutex guards is changed, and nobody notifies the one thread that sleeps on it.

use super::{Case, Remark, at_row, has_changed, last_sleep_of};
use crate::record::{Effect, Standing, ThreadId};

/// Silent if another thread sleeps as well, for that one may be to blame, and if anybody notifies after the thread fell
/// asleep, or before the lock was given back.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let asleep = |&thread: &ThreadId| case.log.threads[thread].standing == Standing::Asleep;
    let mut sleepers = (0..case.log.threads.len()).filter(asleep);
    let (thread, None) = (sleepers.next()?, sleepers.next()) else {
        return None;
    };
    let (asleep, event) = last_sleep_of(case, thread)?;
    let (condition, mutex) = (event.object?, event.unlocks()?);
    let since = || case.log.events.iter().enumerate().skip(asleep + 1);
    let notifies = |(_, event): (usize, &crate::record::Event)| {
        event.object == Some(condition) && matches!(event.effect, Effect::Notify { .. })
    };
    let (locked, change) = since()
        .rfind(|(number, event)| event.locks() == Some(mutex) && has_changed(case, *number))?;
    if case.log.object(condition).is_fixture || since().any(notifies) {
        return None;
    }
    let (t, u) = (case.thread(thread), case.thread(change.thread));
    let (c, m) = (case.object(condition), case.object(mutex));
    let text = format!(
        "a change that nobody is told of: {t} sleeps on {c} ({}), {u} changes what {m} guards ({}), and nobody notifies {c} \
         after that. If it is what {t} waits for, change first, then notify.",
        at_row(asleep),
        at_row(locked)
    );
    Some(Remark::new(text).mark(locked, format!("{t} is not told")))
}
