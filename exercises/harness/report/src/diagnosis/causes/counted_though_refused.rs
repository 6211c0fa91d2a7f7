//! A thread is counted before it is started, cannot be had, and stays counted.

use super::{Case, Remark, at_row, last_sleep_of};
use crate::record::{Data, Effect, Event, ObjectId, Shown, ThreadId, Value};

/// Silent if the thread that counted has counted down since, and if nobody sleeps by that count.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let refusals = case.log.events.iter().enumerate();
    refusals.filter(|(_, event)| event.effect == Effect::SpawnRefused).find_map(
        |(refused, event)| {
            let parent = event.thread;
            let before = case.log.events_before(parent, refused);
            let mut steps = before.filter_map(|(number, event)| Some((number, step(event)?)));
            let (counted, (object, 1)) = steps.next_back()? else {
                return None;
            };
            let mut after = case.log.events_of(parent).filter(|(number, _)| *number > refused);
            if after.any(|(_, event)| step(event).is_some_and(|(id, by)| id == object && by < 0)) {
                return None;
            }
            let sleeper = (0..case.log.threads.len()).find(|&thread| sleeps_by(case, thread, object))?;
            let (t, u, o) = (case.thread(sleeper), case.thread(parent), case.object(object));
            let text = format!(
                "a thread that is counted and does not exist: {u} counts it in {o} ({}), its spawn fails ({}), and nobody \
                 counts it down. {t} waits for it. If the spawn fails, take the count back.",
                at_row(counted),
                at_row(refused)
            );
            Some(Remark::new(text).mark(refused, "is counted"))
        },
    )
}

/// The object whose number an event changes, and by how much: an atomic, or what a lock guards.
fn step(event: &Event) -> Option<(ObjectId, i128)> {
    let (object, old, new) = match (&event.effect, &event.data) {
        (Effect::Update { old, new, .. }, _) => (event.object?, *old, *new),
        (Effect::Exchange { found: Ok(old), new, .. }, _) => (event.object?, *old, *new),
        (_, Some(Data::Shown { before: Shown::One(old), after: Shown::One(new) })) => {
            (event.unlocks()?, *old, *new)
        }
        _ => return None,
    };
    match (old, new) {
        (Value::Int(old), Value::Int(new)) if old != new => Some((object, new - old)),
        _ => None,
    }
}

/// Whether a thread sleeps on the futex `object`, or on a condition variable whose mutex that is.
fn sleeps_by(case: Case<'_>, thread: ThreadId, object: ObjectId) -> bool {
    last_sleep_of(case, thread)
        .is_some_and(|(_, sleep)| sleep.object == Some(object) || sleep.unlocks() == Some(object))
}
