//! What kind of mistake a deadlock usually is, where its pattern leaves no doubt. Silent otherwise.

use crate::recorder::{Effect, Log, ObjectId, Standing, ThreadId};

const TAKEN_TWICE: &str = "a thread asks for a lock that it holds already. These locks are not re-entrant, \
     and a read lock cannot be turned into a write lock.";
const CYCLE: &str =
    "two threads take the same locks in different orders. Let all take them in one order.";
const ONE_FOR_SEVERAL: &str = "one notification, several sleepers.";
const MISSED: &str = "a notification is not remembered. Whoever sleeps must look at the condition under the \
     lock, and keep the lock until it sleeps; whoever notifies must change the condition under that lock first.";

/// The usual mistake behind a deadlock, if the record shows one of the known patterns.
pub(crate) fn of_deadlock(log: &Log) -> Option<&'static str> {
    let threads = 0..log.threads.len();
    let waits_for: Vec<Option<ThreadId>> = threads.clone().map(|t| holder(log, t)).collect();
    if threads.clone().any(|t| waits_for[t] == Some(t)) {
        return Some(TAKEN_TWICE);
    }
    if threads.clone().any(|t| in_cycle(&waits_for, t)) {
        return Some(CYCLE);
    }
    threads.filter_map(|t| of_sleeper(log, t)).next()
}

/// Who holds the lock that `thread` waits for.
fn holder(log: &Log, thread: ThreadId) -> Option<ThreadId> {
    let waiting = &log.threads[thread];
    if waiting.standing != Standing::Running {
        return None;
    }
    let object = waiting.pending?.object?;
    let mut holders = log.object(object).holders.iter().map(|&(t, _)| t);
    let first = holders.clone().next();
    holders.find(|&t| t == thread).or(first)
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
fn of_sleeper(log: &Log, thread: ThreadId) -> Option<&'static str> {
    let sleeper = &log.threads[thread];
    if sleeper.standing != Standing::Asleep {
        return None;
    }
    let object = sleeper.pending?.object?;
    let asleep_since = log.events.iter().rposition(|event| {
        event.thread == thread && event.object == Some(object) && is_sleep(&event.effect)
    })?;
    let (before, after) = log.events.split_at(asleep_since);
    let notified = |events: &[crate::recorder::Event]| {
        let all = events
            .iter()
            .filter_map(|event| notification(&event.effect, event.object, object));
        all.map(<[ThreadId]>::is_empty).collect::<Vec<_>>()
    };
    let (before, after) = (notified(before), notified(after));
    match (before.as_slice(), after.as_slice()) {
        // It slept when a notification came, and another sleeper had it.
        (_, [_, ..]) if after.iter().all(|nobody| !nobody) => Some(ONE_FOR_SEVERAL),
        // The last word was spoken to nobody, after it had looked and before it slept for the first time. One
        // that slept before has been told once, and went back to sleep for a reason of its own.
        ([.., true], []) if looked_before_last_word(log, thread, object) => {
            let slept = log.events[..asleep_since]
                .iter()
                .any(|e| e.thread == thread && e.object == Some(object) && is_sleep(&e.effect));
            (!slept).then_some(MISSED)
        }
        _ => None,
    }
}

/// Whether the thread had taken a lock or read an atomic before another gave the last notification of `object`.
fn looked_before_last_word(log: &Log, thread: ThreadId, object: ObjectId) -> bool {
    let word = log
        .events
        .iter()
        .rposition(|event| notification(&event.effect, event.object, object).is_some());
    // What it said itself it has not missed.
    let word = word.filter(|&word| log.events[word].thread != thread);
    log.events[..word.unwrap_or_default()].iter().any(|event| {
        let looks = matches!(
            event.effect,
            Effect::Lock(_) | Effect::Load { .. } | Effect::Update { .. } | Effect::Exchange { .. }
        );
        event.thread == thread && looks
    })
}

fn is_sleep(effect: &Effect) -> bool {
    matches!(effect, Effect::Sleeps(_))
}

/// Whom a notification of `object` woke.
fn notification(effect: &Effect, on: Option<ObjectId>, object: ObjectId) -> Option<&[ThreadId]> {
    match effect {
        Effect::Notify { woken, .. } if on == Some(object) => Some(woken),
        _ => None,
    }
}
