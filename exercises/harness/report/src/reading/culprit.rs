//! Which panic, and which two accesses, a failure is about.

use crate::record::{DROP, Effect, Fate, Log, Panic, Pending, SCOPED_PANIC, Stop, ThreadId};

/// The panic that explains the failure.
pub fn culprit(log: &Log) -> Option<&Panic> {
    if let Some(unseen) = log.unseen_panic() {
        return Some(unseen);
    }
    // Another thread may have panicked while that of main unwound, and caught it.
    let main = log.panics.iter().find(|p| p.fate == Fate::EndedMain);
    let last = main.or(log.panics.last())?;
    // Main passed on what it got from `join`; better shown is what the thread said itself.
    let second_hand = last.message == SCOPED_PANIC || last.message.ends_with("Any { .. }");
    let first_hand =
        log.panics.iter().find(|p| p.fate == Fate::Joined || p.fate == Fate::EndedThread);
    first_hand.filter(|_| second_hand).or(Some(last))
}

/// The access that ended the interleaving as a data race, begun and never finished, and its thread.
pub fn racing_access(log: &Log) -> Option<(ThreadId, Pending)> {
    let (thread, _) = log.stopped.as_ref().filter(|(_, stop)| *stop == Stop::DataRace)?;
    let thread = *thread;
    let access = log.threads[thread].pending?;
    access.object.map(|_| (thread, access))
}

/// The number of the event that the access races with: the last conflicting one of another thread. A drop, and the borrow
/// of an atomic, conflict with every operation.
pub fn other_access(log: &Log, thread: ThreadId, access: Pending) -> Option<usize> {
    log.events.iter().rposition(|event| {
        event.thread != thread
            && event.object == access.object
            && match event.effect {
                Effect::Write => true,
                Effect::Read => access.name != "read",
                _ => access.name == DROP || access.name == "get_mut",
            }
    })
}

/// The operation that ended the interleaving because its object had been dropped, and its thread.
pub fn late_use(log: &Log) -> Option<(ThreadId, Pending)> {
    let (thread, _) =
        log.stopped.as_ref().filter(|(_, stop)| matches!(stop, Stop::UseAfterDrop(_)))?;
    Some((*thread, log.threads[*thread].pending?))
}
