//! Who waits for whom at the end of a deadlock.

use crate::record::{Log, ObjectId, ThreadId, Wait};

/// That one thread waits for another: the lock that the other holds and the event that took it, or its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Needs {
    pub(super) waits: ThreadId,
    pub(super) of: ThreadId,
    pub(super) lock: Option<(ObjectId, usize)>,
}

/// Everything that threads wait for of each other.
pub(super) fn all_needs(log: &Log) -> Vec<Needs> {
    (0..log.threads.len()).flat_map(|t| needs(log, t)).collect()
}

/// Whom a thread waits for.
fn needs(log: &Log, thread: ThreadId) -> Vec<Needs> {
    let need = |of, lock| Needs { waits: thread, of, lock };
    match log.waits(thread) {
        Some(Wait::ForEnd(target)) => vec![need(target, None)],
        Some(Wait::ForLock(holders)) => {
            let lock = log.threads[thread].pending.and_then(|p| p.object);
            let since = |holder| {
                let held = log.held(holder, log.events.len());
                held.into_iter().find(|(held, _)| Some(*held) == lock)
            };
            holders
                .iter()
                .filter_map(|&(holder, _)| Some(need(holder, Some(since(holder)?))))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Threads that wait for each other in a ring, or one for itself.
pub(super) fn ring(needs: &[Needs]) -> Option<Vec<Needs>> {
    needs.iter().find_map(|need| cycle(needs, need.waits))
}

/// The threads that wait for each other, from `start` on round to it again.
fn cycle(needs: &[Needs], start: ThreadId) -> Option<Vec<Needs>> {
    fn walk(needs: &[Needs], start: ThreadId, path: &mut Vec<Needs>) -> bool {
        let at = path.last().map_or(start, |need| need.of);
        if at == start && !path.is_empty() {
            return true;
        }
        for need in needs.iter().filter(|need| need.waits == at) {
            if path.iter().any(|before| before.waits == need.waits) {
                continue;
            }
            path.push(*need);
            if walk(needs, start, path) {
                return true;
            }
            path.pop();
        }
        false
    }
    let mut path = Vec::new();
    walk(needs, start, &mut path).then_some(path)
}
