//! What the causes of channels have in common.

use super::{Case, Effect, ObjectId, ThreadId};
use crate::record::channel::{Traffic, What};
use crate::record::{Event, Wait};

/// Whether each thread that waits does so at a channel, or for the end of another.
pub(super) fn all_wait_at_channels(case: Case<'_>) -> bool {
    (0..case.log.threads.len()).all(|thread| match case.log.waits(thread) {
        None => case.log.threads[thread].has_ended(),
        Some(Wait::ForEnd(_)) => true,
        Some(Wait::ForLock(_)) => false,
        Some(Wait::Asleep) => {
            ["send", "recv"].iter().any(|name| asleep_at(case, thread, name).is_some())
        }
    })
}

/// The event in which a thread fell asleep for good in the operation `name` of a channel.
pub(super) fn asleep_at(case: Case<'_>, thread: ThreadId, name: &str) -> Option<(usize, ObjectId)> {
    let (row, event) = super::last_sleep_of(case, thread)?;
    let traffic = traffic(event)?;
    (traffic.name == name).then_some((row, event.object?))
}

/// The last operation by a handle of a channel, and the thread that did it.
pub(super) fn last_user(
    case: Case<'_>,
    channel: ObjectId,
    handle: usize,
) -> Option<(usize, ThreadId)> {
    let mut all = of_handle(case, channel, handle);
    let last = all.rfind(|(_, _, traffic)| !matches!(traffic.what, What::Cloned { .. }));
    last.map(|(row, event, _)| (row, event.thread))
}

/// The event in which a handle was cloned from another.
pub(super) fn cloned(case: Case<'_>, channel: ObjectId, handle: usize) -> Option<usize> {
    let mut all = of_handle(case, channel, handle);
    let birth = all.find(|(_, _, traffic)| matches!(traffic.what, What::Cloned { .. }));
    birth.map(|(row, ..)| row)
}

fn of_handle(
    case: Case<'_>,
    channel: ObjectId,
    handle: usize,
) -> impl DoubleEndedIterator<Item = (usize, &Event, &Traffic)> {
    let all = case.log.events.iter().enumerate();
    all.filter_map(move |(row, event)| {
        let traffic = traffic(event).filter(|traffic| traffic.handle == handle)?;
        (event.object == Some(channel)).then_some((row, event, traffic))
    })
}

fn traffic(event: &Event) -> Option<&Traffic> {
    match &event.effect {
        Effect::Channel(traffic) => Some(traffic),
        _ => None,
    }
}
