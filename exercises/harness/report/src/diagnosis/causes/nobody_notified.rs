//! What a condition variable's mutex guards is changed, and nobody notifies the one thread that sleeps on it.

use super::{Case, Remark, at_row, last_sleep_of};
use crate::record::{Data, Effect, ObjectId, Shown, Standing, ThreadId, Value};

/// Silent if another thread sleeps as well, for that one may be to blame, if anybody notifies after the thread fell asleep, and
/// if the new value does not look like what one waits for: `true`, 0 or `Some`, and not by taking back an earlier change.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let asleep = |&thread: &ThreadId| case.log.threads[thread].standing == Standing::Asleep;
    let mut sleepers = (0..case.log.threads.len()).filter(asleep);
    let (thread, None) = (sleepers.next()?, sleepers.next()) else {
        return None;
    };
    let (asleep, event) = last_sleep_of(case, thread)?;
    let (condition, mutex) = (event.object?, event.unlocks()?);
    let is_told = case.log.events[asleep..].iter().any(|event| {
        event.object == Some(condition) && matches!(event.effect, Effect::Notify { .. })
    });
    let (changed, change) = case
        .log
        .events
        .iter()
        .enumerate()
        .rfind(|(number, event)| *number > asleep && event.unlocks() == Some(mutex))?;
    let (before, after) = shown(case, changed)?;
    let is_waited_for =
        matches!(after, Shown::One(Value::Bool(true) | Value::Int(0)) | Shown::Option(Some(_)));
    let takes_back = last_change(case, change.thread, mutex, changed) == Some((after, before));
    let of_test = case.log.object(condition).is_fixture;
    if is_told || before == after || !is_waited_for || takes_back || of_test {
        return None;
    }
    let (t, u) = (case.thread(thread), case.thread(change.thread));
    let (c, m) = (case.object(condition), case.object(mutex));
    let text = format!(
        "a change that nobody is told of: {t} sleeps on {c} ({}), {u} changes what {m} guards ({}), and nobody notifies {c} \
         after that. Change first, then notify.",
        at_row(asleep),
        at_row(changed)
    );
    Some(Remark::new(text).mark(changed, "untold"))
}

/// What the thread made of the data under that lock before the event `until`.
fn last_change(
    case: Case<'_>,
    thread: ThreadId,
    lock: ObjectId,
    until: usize,
) -> Option<(Shown, Shown)> {
    let mut own = case.log.events_before(thread, until);
    let (number, _) = own.rfind(|(_, event)| event.unlocks() == Some(lock))?;
    shown(case, number)
}

/// What the data behind a lock was, and is when the lock is given back, if that can be shown.
fn shown(case: Case<'_>, unlocked: usize) -> Option<(Shown, Shown)> {
    match case.event(unlocked).data.as_ref()? {
        Data::Shown { before, after } => Some((*before, *after)),
        _ => None,
    }
}
