//! Threads that wait for ever.

use super::code::Code;
use super::name;
use crate::reading::{Names, Remark, at_row};
use crate::record::{Effect, Event, Log, ObjectId, Standing, ThreadId, Wait};

/// That one thread waits for another: the lock that the other holds and the event that took it, or its end.
#[derive(Clone, Copy, Debug)]
struct Needs {
    waits: ThreadId,
    of: ThreadId,
    lock: Option<(ObjectId, usize)>,
}

/// The usual mistake behind a deadlock.
pub(super) fn cause(log: &Log, names: &Names, code: Code<'_>) -> Option<Remark> {
    let threads = 0..log.threads.len();
    let needs: Vec<Needs> = threads.clone().flat_map(|t| needs(log, t)).collect();
    if let Some(own) = needs.iter().find(|need| need.waits == need.of) {
        return taken_twice(log, names, *own);
    }
    if let Some(cycle) = threads.clone().find_map(|t| cycle(&needs, t)) {
        return of_cycle(log, names, &cycle);
    }
    let sleeper = threads.clone();
    sleeper
        .filter_map(|t| sleeps_with_lock(log, names, code, &needs, t))
        .next()
        .or_else(|| threads.filter_map(|t| of_sleeper(log, names, t)).next())
}

/// Whom a thread waits for.
fn needs(log: &Log, thread: ThreadId) -> Vec<Needs> {
    let need = |of, lock| Needs {
        waits: thread,
        of,
        lock,
    };
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

fn taken_twice(log: &Log, names: &Names, own: Needs) -> Option<Remark> {
    let (lock, since) = own.lock?;
    let hint = if log.object(lock).type_name == "RwLock" {
        "It is not re-entrant: a thread that reads cannot write before it has unlocked, and may not even read again, \
         because a waiting writer goes first."
    } else {
        "It is not re-entrant."
    };
    let text = format!(
        "a lock taken twice: {} asks for {}, which it holds already ({}). {hint}",
        name(log, own.waits),
        names.of(lock),
        at_row(since)
    );
    Some(Remark::new(text).mark(since, "still held"))
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

/// Each waits for the next.
fn of_cycle(log: &Log, names: &Names, cycle: &[Needs]) -> Option<Remark> {
    let held = |need: &Needs| {
        need.lock
            .map(|(lock, since)| format!("{} ({})", names.of(lock), at_row(since)))
    };
    let mut usually = if let Some(join) = cycle.iter().find(|need| need.lock.is_none()) {
        // Begin with the one that joins: it holds what the others come to need.
        let at = cycle.iter().position(|need| need.waits == join.waits)?;
        let (after, before) = (&cycle[at + 1..], &cycle[..at]);
        let rest: Vec<String> = after
            .iter()
            .chain(before)
            .map(|need| match held(need) {
                Some(lock) => format!(
                    "{} needs {lock} of {}",
                    name(log, need.waits),
                    name(log, need.of)
                ),
                None => format!(
                    "{} waits for {} to end",
                    name(log, need.waits),
                    name(log, need.of)
                ),
            })
            .collect();
        if rest.is_empty() {
            return None;
        }
        Remark::new(format!(
            "a join that keeps a lock: {} waits for {} to end, and {}. Unlock before you join.",
            name(log, join.waits),
            name(log, join.of),
            rest.join(", and ")
        ))
    } else {
        // Whoever waits in a link holds what the link before it is about.
        let links: Option<Vec<String>> = cycle
            .iter()
            .enumerate()
            .map(|(i, need)| {
                let before = &cycle[(i + cycle.len() - 1) % cycle.len()];
                let (wanted, _) = need.lock?;
                Some(format!(
                    "{} holds {} and wants {}",
                    name(log, need.waits),
                    held(before)?,
                    names.of(wanted)
                ))
            })
            .collect();
        Remark::new(format!(
            "locks taken in different orders: {}. Let all threads take them in one order.",
            links?.join(", ")
        ))
    };
    for need in cycle {
        if let Some((_, since)) = need.lock {
            let mark = format!("{} wants it", name(log, need.waits));
            usually = usually.mark(since, mark);
        }
    }
    Some(usually)
}

/// It sleeps and keeps a lock, which those need who were to wake it.
fn sleeps_with_lock(
    log: &Log,
    names: &Names,
    code: Code<'_>,
    needs: &[Needs],
    thread: ThreadId,
) -> Option<Remark> {
    let sleeper = &log.threads[thread];
    if sleeper.standing != Standing::Asleep {
        return None;
    }
    let pending = sleeper.pending?;
    // Once it has been told anything, there may be another reason.
    let told = log.events.iter().any(|event| match &event.effect {
        Effect::Notify { .. } => event.object.is_some() && event.object == pending.object,
        Effect::Unpark(target) => *target == thread,
        _ => false,
    });
    let words: &[&str] = match pending.name {
        "park" => &["unpark"],
        "wait" => &["notify_one", "notify_all"],
        _ => &["wake_one", "wake_all"],
    };
    let wakes = |need: &&Needs| {
        let place = log.threads[need.waits].pending.map(|pending| pending.place);
        place.is_some_and(|place| code.comes_after(place, words))
    };
    let (asleep, _) = log.events_of(thread).rfind(|(_, event)| event.sleeps())?;
    let of_it = needs.iter().filter(|need| need.of == thread);
    let need = of_it.filter(|need| need.lock.is_some()).find(wakes)?;
    let (lock, since) = need.lock.filter(|_| !told)?;
    let (t, u, l) = (name(log, thread), name(log, need.waits), names.of(lock));
    let text = format!(
        "a sleep that keeps a lock: {t} sleeps ({}) and holds {l} ({}), which {u} needs before it can wake it. A wait \
         gives back only its own mutex: unlock the others first.",
        at_row(asleep),
        at_row(since)
    );
    let mark = format!("still held while {t} sleeps");
    Some(Remark::new(text).mark(since, mark))
}

/// Why nobody woke a thread that sleeps on a condition variable or a futex.
fn of_sleeper(log: &Log, names: &Names, thread: ThreadId) -> Option<Remark> {
    let sleeper = &log.threads[thread];
    if sleeper.standing != Standing::Asleep {
        return None;
    }
    let object = sleeper.pending?.object?;
    let asleep_since = log.events.iter().rposition(|event| {
        event.thread == thread && event.object == Some(object) && event.sleeps()
    })?;
    let said: Vec<(usize, &[ThreadId])> = log
        .events
        .iter()
        .enumerate()
        .filter_map(|(at, event)| Some((at, notification(event, object)?)))
        .collect();
    let (before, after): (Vec<_>, Vec<_>) =
        said.into_iter().partition(|(at, _)| *at < asleep_since);
    let (t, o) = (&sleeper.name, names.of(object));
    match (before.as_slice(), after.as_slice()) {
        // It slept when a notification came, and another sleeper had it.
        (_, [.., (last, woken)]) if after.iter().all(|(_, woken)| !woken.is_empty()) => {
            let woken: Vec<&str> = woken.iter().map(|&thread| name(log, thread)).collect();
            let text = format!(
                "one notification, several sleepers: it wakes {} ({}), and {t} sleeps on {o} as well ({}). Notify \
                 all if the news is for all.",
                woken.join(" and "),
                at_row(*last),
                at_row(asleep_since)
            );
            Some(Remark::new(text).mark(*last, format!("{t} is not told")))
        }
        // The last word was spoken to nobody, after it had looked and before it slept for the first time. One
        // that slept before has been told once, and went back to sleep for a reason of its own.
        ([.., (word, [])], []) if looked_before(log, thread, *word) => {
            let slept = log.events[..asleep_since]
                .iter()
                .any(|e| e.thread == thread && e.object == Some(object) && e.sleeps());
            let text = format!(
                "a missed notification: {} notifies {o} ({}) before {t} sleeps on it ({}), and a notification is not \
                 remembered. {}",
                name(log, log.events[*word].thread),
                at_row(*word),
                at_row(asleep_since),
                remedy(log, object)
            );
            (!slept).then(|| Remark::new(text).mark(*word, "nobody hears it"))
        }
        _ => None,
    }
}

/// What keeps a notification from being missed.
fn remedy(log: &Log, object: ObjectId) -> &'static str {
    if log.object(object).type_name == "Condvar" {
        "Whoever sleeps must look at the condition under the lock, and keep the lock until it sleeps; whoever \
         notifies must change the condition under that lock first."
    } else {
        "Whoever wakes must change the word first, and whoever sleeps must say which value it has seen."
    }
}

/// Whether the thread had taken a lock or read an atomic before another gave the notification `word`.
fn looked_before(log: &Log, thread: ThreadId, word: usize) -> bool {
    // What it said itself it has not missed.
    log.events[word].thread != thread
        && log.events[..word].iter().any(|event| {
            let looks = matches!(event.effect, Effect::Lock(_)) || event.reads().is_some();
            event.thread == thread && looks
        })
}

/// Whom a notification of `object` woke.
fn notification(event: &Event, object: ObjectId) -> Option<&[ThreadId]> {
    match &event.effect {
        Effect::Notify { woken, .. } if event.object == Some(object) => Some(woken),
        _ => None,
    }
}
