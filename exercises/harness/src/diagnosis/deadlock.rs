//! Threads that wait for ever.

use super::Usually;
use crate::dry_run::Names;
use crate::record::{Effect, Event, Log, ObjectId, Standing, ThreadId, Wait};

const TAKEN_TWICE: &str = "a thread asks for a lock that it holds already. These locks are not re-entrant, \
     and a read lock cannot be turned into a write lock.";
const CYCLE: &str =
    "threads take the same locks in different orders. Let all take them in one order.";
const ONE_FOR_SEVERAL: &str = "one notification, several sleepers.";
const MISSED: &str = "a notification is not remembered. Whoever sleeps must look at the condition under the \
     lock, and keep the lock until it sleeps; whoever notifies must change the condition under that lock first.";

/// The usual mistake behind a deadlock.
pub(super) fn usually(log: &Log, _names: &Names) -> Option<Usually> {
    let threads = 0..log.threads.len();
    let waits_for: Vec<Option<ThreadId>> = threads.clone().map(|t| holder(log, t)).collect();
    if threads.clone().any(|t| waits_for[t] == Some(t)) {
        return Some(Usually::new(TAKEN_TWICE));
    }
    if threads.clone().any(|t| in_cycle(&waits_for, t)) {
        return Some(Usually::new(CYCLE));
    }
    threads.filter_map(|t| of_sleeper(log, t)).next()
}

/// Who holds the lock that `thread` waits for: itself, if it is among them.
fn holder(log: &Log, thread: ThreadId) -> Option<ThreadId> {
    let Some(Wait::ForLock(holders)) = log.waits(thread) else {
        return None;
    };
    let mut all = holders.iter().map(|&(holder, _)| holder);
    let first = all.clone().next();
    all.find(|&holder| holder == thread).or(first)
}

fn in_cycle(waits_for: &[Option<ThreadId>], start: ThreadId) -> bool {
    let mut at = start;
    for _ in waits_for {
        match waits_for[at] {
            Some(next) if next == start => return true,
            Some(next) => at = next,
            None => return false,
        }
    }
    false
}

/// Why nobody woke a thread that sleeps on a condition variable or a futex.
fn of_sleeper(log: &Log, thread: ThreadId) -> Option<Usually> {
    let sleeper = &log.threads[thread];
    if sleeper.standing != Standing::Asleep {
        return None;
    }
    let object = sleeper.pending?.object?;
    let asleep_since = log.events.iter().rposition(|event| {
        event.thread == thread && event.object == Some(object) && is_sleep(&event.effect)
    })?;
    let said: Vec<(usize, &[ThreadId])> = log
        .events
        .iter()
        .enumerate()
        .filter_map(|(at, event)| Some((at, notification(event, object)?)))
        .collect();
    let (before, after): (Vec<_>, Vec<_>) =
        said.into_iter().partition(|(at, _)| *at < asleep_since);
    match (before.as_slice(), after.as_slice()) {
        // It slept when a notification came, and another sleeper had it.
        (_, [.., (last, _)]) if after.iter().all(|(_, woken)| !woken.is_empty()) => {
            let mark = format!("{} is not told", sleeper.name);
            Some(Usually::new(ONE_FOR_SEVERAL).mark(*last, mark))
        }
        // The last word was spoken to nobody, after it had looked and before it slept for the first time. One
        // that slept before has been told once, and went back to sleep for a reason of its own.
        ([.., (word, [])], []) if looked_before(log, thread, *word) => {
            let slept = log.events[..asleep_since]
                .iter()
                .any(|e| e.thread == thread && e.object == Some(object) && is_sleep(&e.effect));
            (!slept).then(|| Usually::new(MISSED).mark(*word, "nobody hears it"))
        }
        _ => None,
    }
}

/// Whether the thread had taken a lock or read an atomic before another gave the notification `word`.
fn looked_before(log: &Log, thread: ThreadId, word: usize) -> bool {
    // What it said itself it has not missed.
    log.events[word].thread != thread
        && log.events[..word].iter().any(|event| {
            let looks = matches!(
                event.effect,
                Effect::Lock(_)
                    | Effect::Load { .. }
                    | Effect::Update { .. }
                    | Effect::Exchange { .. }
            );
            event.thread == thread && looks
        })
}

fn is_sleep(effect: &Effect) -> bool {
    matches!(effect, Effect::Sleeps { .. })
}

/// Whom a notification of `object` woke.
fn notification(event: &Event, object: ObjectId) -> Option<&[ThreadId]> {
    match &event.effect {
        Effect::Notify { woken, .. } if event.object == Some(object) => Some(woken),
        _ => None,
    }
}
