//! What went wrong, in words.

use crate::place::{Place, full, is_in_models, short};
use crate::reading::{
    Names, at_row, contents, culprit, handles, late_use, other_access, racing_access,
};
use crate::record::channel::Side;
use crate::record::{
    Effect, Ending, Event, Log, MAX_THREADS, ObjectId, Pending, Stop, Thread, ThreadId, Wait,
};
use harness_base::text::count;

/// What happened, line by line. `ending` is `None` if the model hangs.
pub fn what_went_wrong(log: &Log, names: &Names, ending: Option<&Ending>) -> Vec<String> {
    let Some(ending) = ending else {
        return stuck(log);
    };
    match ending {
        Ending::Passed
        | Ending::OutOfTime
        | Ending::Paused
        | Ending::UnlocksMustBeSteps { .. }
        | Ending::DropsMustBeSteps { .. }
        | Ending::NeedsCoins => {
            unreachable!("neither is a failure: the search handles them")
        }
        Ending::Panicked | Ending::PanickedTwice => panic_message(log),
        // If a thread died of a panic that was not looked at, that came first.
        Ending::Stopped if log.unseen_panic().is_some() => panic_message(log),
        Ending::Stopped => why_stopped(log, names),
        Ending::StackOverflow => vec![
            "a thread of the model ran out of stack: each has 32 KiB. \
             Is there a recursion without end, or a large array on the stack?"
                .to_owned(),
        ],
        Ending::TooManyThreads(place) => vec![format!(
            "a model can have {MAX_THREADS} threads, main included; {} spawns one more",
            short(place)
        )],
        Ending::Values(lines) => lines.clone(),
        Ending::Misuse(message) => vec![message.clone()],
    }
}

/// What the model checker stopped for.
fn why_stopped(log: &Log, names: &Names) -> Vec<String> {
    let Some((_, stop)) = &log.stopped else {
        return vec!["the model checker stopped without a word".to_owned()];
    };
    match stop {
        Stop::Deadlock => deadlock(log, names),
        Stop::DataRace => data_race(log, names),
        Stop::Leak => leaked_arcs(log, names),
        Stop::UseAfterDrop(_) => use_after_drop(log, names),
        Stop::TooManySteps => vec![too_many_steps(log)],
        Stop::NotDeterministic => vec![
            "the program did not do the same twice under the same schedule: \
             a model may not depend on time, on random numbers or on the addresses of things"
                .to_owned(),
        ],
        Stop::Other(message) => vec![format!("the model checker cannot follow: {message}")],
    }
}

fn stuck(log: &Log) -> Vec<String> {
    let name = &log.threads[log.running].name;
    let last = log.events.iter().rev().find(|e| e.thread == log.running);
    let since = last
        .and_then(|e| e.place)
        .map_or_else(|| "since it began".to_owned(), |place| format!("since {}", short(place)));
    vec![
        format!("{name} runs without an operation of crate::sync {since}."),
        "A loop that waits for another thread must contain one, for example thread::yield_now(). \
         A lock of std or parking_lot used directly blocks the model, which cannot see it."
            .to_owned(),
    ]
}

/// How many of the last events show what an endless interleaving does.
const LATELY: usize = 200;

/// Who still does something at the end of an interleaving without end, and whether they let others run.
fn too_many_steps(log: &Log) -> String {
    let lately = &log.events[log.events.len().saturating_sub(LATELY)..];
    let mut busy: Vec<ThreadId> = lately.iter().map(|event| event.thread).collect();
    busy.sort_unstable();
    busy.dedup();
    let yields = |thread: &ThreadId| {
        let mut own = lately.iter().filter(|event| event.thread == *thread);
        own.any(|event| event.effect == Effect::Yield)
    };
    let names = |threads: &[ThreadId]| {
        let all = threads.iter().map(|&t| log.threads[t].name.as_str());
        let all: Vec<_> = all.collect();
        match all.as_slice() {
            [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            all => all.join(""),
        }
    };
    // One that has taken a step or two has not come to its yield yet.
    let steps = |thread: ThreadId| lately.iter().filter(|event| event.thread == thread).count();
    let greedy: Vec<ThreadId> = busy
        .iter()
        .copied()
        .filter(|t| !yields(t) && steps(*t) * busy.len() > lately.len() / 2)
        .collect();
    if !greedy.is_empty() {
        // What an old value hides has come already. Of the one word that a loop looks at, a yield would show the newest.
        let looks_at_one = |&thread: &ThreadId| {
            let mut own = lately.iter().filter(|event| event.thread == thread);
            own.next().is_some_and(|first| own.all(|event| event.object == first.object))
        };
        let waits = greedy.iter().all(|&thread| only_reads(lately, thread))
            && (!lately.iter().any(Event::is_stale) || greedy.iter().all(looks_at_one));
        let too_late = |event: &&Event| matches!(event.effect, Effect::TooLate(_));
        let mut own = lately.iter().filter(|event| greedy.contains(&event.thread));
        let remedy = if let Some(late) = own.find(too_late) {
            // Its rows are folded into the first ones that are like them.
            let first = log.events.iter().position(|event| {
                (event.thread, event.place, &event.effect)
                    == (late.thread, late.place, &late.effect)
            });
            &format!(
                " It waits for a time that has come{}, so each wait returns at once: after its time a call gives up, or \
                 sleeps without one.",
                first.map_or_else(String::new, |row| format!(" ({})", at_row(row)))
            )
        } else if waits {
            " A loop that waits for another thread must let it run, by thread::yield_now() or hint::spin_loop()."
        } else {
            ""
        };
        return format!(
            "{} takes step after step, more than a model may have.{remedy}",
            names(&greedy)
        );
    }
    let others_rest = (0..log.threads.len())
        .filter(|thread| !busy.contains(thread))
        .all(|thread| log.threads[thread].has_ended() || log.waits(thread).is_some());
    // A model may spin: what it waits for is to come. And beside a thread that the test has stopped, to sleep is no better.
    let in_model = |event: &Event| event.place.is_some_and(is_in_models);
    let mut yielding = lately.iter().filter(|event| event.effect == Effect::Yield);
    let is_stopped = |thread: &Thread| thread.stopped_in.is_some();
    let must_not_wait = yielding.all(in_model) || log.threads.iter().any(is_stopped);
    let sleep = if must_not_wait { "" } else { SLEEP };
    if busy.len() == 1 && others_rest {
        format!(
            "{} waits by spinning, for what no thread will do any more: all others have ended or wait.{sleep}",
            names(&busy)
        )
    } else if others_rest {
        format!(
            "{} wait by spinning, and none of them brings the others out: more steps than a model may have.{sleep}",
            names(&busy)
        )
    } else {
        format!("{} loops without end: more steps than a model may have.", names(&busy))
    }
}

/// What a thread that is to wait for long does instead of looking again and again.
const SLEEP: &str = " To sleep takes a Condvar, a futex or park.";

/// Whether a thread only looks, at what others may change.
fn only_reads(events: &[Event], thread: ThreadId) -> bool {
    let mut own = events.iter().filter(|event| event.thread == thread);
    own.all(|event| {
        matches!(
            event.effect,
            Effect::Load { .. }
                | Effect::Lock(_)
                | Effect::Unlock(_)
                | Effect::TryLock { .. }
                | Effect::Update { name: "swap", .. }
        )
    })
}

fn panic_message(log: &Log) -> Vec<String> {
    let Some(panic) = culprit(log) else {
        return vec!["a panic".to_owned()];
    };
    let name = &log.threads[panic.thread].name;
    let mut lines: Vec<String> = panic.message.lines().map(str::to_owned).collect();
    let own = log.events_before(panic.thread, panic.at);
    let last = own.filter_map(|(_, event)| event.place).next_back();
    lines.push(match last.filter(|_| is_of_a_library(&panic.place)) {
        Some(last) => format!("({name}, in a library, called after {})", full(last)),
        None => format!("({name}, at {})", panic.place),
    });
    lines
}

/// Whether a place is in code that the learner did not write: in std, or in a crate from the registry.
fn is_of_a_library(place: &str) -> bool {
    place.starts_with("/rustc/") || place.contains("/library/") || place.contains("/registry/src/")
}

fn deadlock(log: &Log, names: &Names) -> Vec<String> {
    let all = 0..log.threads.len();
    all.filter_map(|number| {
        let waits = waits(log, names, number)?;
        Some(format!("{} {waits}", log.threads[number].name))
    })
    .collect()
}

/// What a thread waits for, if it does.
fn waits(log: &Log, names: &Names, number: ThreadId) -> Option<String> {
    let thread = &log.threads[number];
    if thread.has_ended() {
        return None;
    }
    if let Some((call, _)) = thread.stopped_in {
        return Some(format!("is stopped by the test in the middle of {call}"));
    }
    let Pending { name, object, place, .. } = thread.pending?;
    let at = short(place);
    let what = object.map_or_else(|| name.to_owned(), |id| format!("{}.{name}", names.of(id)));
    Some(match log.waits(number) {
        Some(Wait::ForEnd(target)) => {
            format!("waits for {} to end, {at}", log.threads[target].name)
        }
        Some(Wait::Asleep) => {
            let remedy = match name {
                "park" => "no thread is left to unpark it".to_owned(),
                "wait_until" | "futex_wait_until" => {
                    "no thread is left to wake it or to advance the clock".to_owned()
                }
                "park_until" => "no thread is left to unpark it or to advance the clock".to_owned(),
                "sleep_until" => "no thread is left to advance the clock".to_owned(),
                _ => object
                    .and_then(|id| at_channel(log, name, id))
                    .unwrap_or_else(|| "no thread is left to wake it".to_owned()),
            };
            format!("sleeps in {what}, {at}: {remedy}")
        }
        Some(Wait::ForLock(holders)) => {
            let own = holders.iter().find(|(holder, _)| *holder == number);
            if let Some(&(_, since)) = own {
                let since = held_since(log, number, object, since);
                format!("waits in {what}, {at}, for itself: it holds the lock since {since}")
            } else {
                let all = holders.iter().map(|&(holder, since)| {
                    let name = &log.threads[holder].name;
                    format!("{name} since {}", held_since(log, holder, object, since))
                });
                let all = all.collect::<Vec<_>>().join(" and by ");
                format!("waits in {what}, {at}: held by {all}")
            }
        }
        None => format!("waits in {what}, {at}"),
    })
}

/// Why nobody serves a thread that sleeps in the operation `name` on `id`, if that is a channel.
fn at_channel(log: &Log, name: &str, id: ObjectId) -> Option<String> {
    let last = log.events.iter().rev().find_map(|event| {
        let traffic = match &event.effect {
            Effect::Channel(traffic) => traffic,
            _ => return None,
        };
        (event.object == Some(id)).then_some(traffic)
    })?;
    if name == "send" {
        let full = match last.buffer.capacity {
            Some(0) => String::new(),
            _ => format!("{}; ", contents(log, &last.buffer)),
        };
        return Some(format!("{full}no thread is left to receive"));
    }
    let senders = log.object(id).ends.of(Side::Sender).count();
    let keep = if senders == 1 { "keeps" } else { "keep" };
    let senders = handles(Side::Sender, senders);
    Some(format!("no thread is left to send, and {senders} {keep} it open"))
}

/// Where a thread got the lock that it holds, and in which row.
fn held_since(log: &Log, thread: ThreadId, object: Option<ObjectId>, since: Place) -> String {
    let row = log.events.iter().rposition(|event| {
        let locks = matches!(event.effect, Effect::Lock(_) | Effect::TryLock { ok: true, .. });
        locks && event.thread == thread && event.object == object
    });
    let row = row.map_or_else(String::new, |row| format!(" ({})", at_row(row)));
    format!("{}{row}", short(since))
}

fn data_race(log: &Log, names: &Names) -> Vec<String> {
    let Some((thread, access)) = racing_access(log) else {
        let message =
            "two threads touch the same memory, one of them writes, and nothing orders the two";
        return vec![message.to_owned()];
    };
    let id = access.object.expect("an access has an object");
    let made = log.object(id).made;
    if log.races_with_drop() {
        return drop_that_races(log, names, thread, access);
    }
    let one = |thread: ThreadId, what: &str, place: Place| {
        let does = match what {
            "read" | "write" | "make" => format!("{what}s it"),
            _ => format!("uses it by {what}"),
        };
        format!("{} {does}, {}", log.threads[thread].name, short(place))
    };
    let first = if let Some(other) = other_access(log, thread, access) {
        let event = &log.events[other];
        let what = match event.effect {
            Effect::Write => "write",
            Effect::Read => "read",
            _ => event.operation(),
        };
        let place = event.place.unwrap_or(made);
        let line = one(event.thread, what, place);
        format!("{line} ({})", at_row(other))
    } else {
        one(log.object(id).maker, "make", made)
    };
    vec![
        format!(
            "two threads reach {} (made at {}), one of them writes, and nothing orders the two:",
            names.of(id),
            short(made)
        ),
        first,
        one(thread, access.name, access.place),
    ]
}

/// Of a data race of a drop: what it races with.
fn drop_that_races(log: &Log, names: &Names, thread: ThreadId, drop: Pending) -> Vec<String> {
    let id = drop.object.expect("an access has an object");
    let (o, made) = (names.of(id), log.object(id).made);
    let used = other_access(log, thread, drop).map(|other| {
        let event = &log.events[other];
        let at = event.place.map_or_else(String::new, |place| format!(", {}", short(place)));
        format!("{} uses it{at} ({})", log.threads[event.thread].name, at_row(other))
    });
    let used =
        used.unwrap_or_else(|| format!("{} makes it", log.threads[log.object(id).maker].name));
    vec![
        format!(
            "{o} (made at {}) is dropped, and nothing orders that after the use by another thread:",
            short(made)
        ),
        used,
        format!("{} drops it ({})", log.threads[thread].name, at_row(log.events.len() - 1)),
    ]
}

fn use_after_drop(log: &Log, names: &Names) -> Vec<String> {
    let Some((thread, operation)) = late_use(log) else {
        return vec!["an object was used after it had been dropped".to_owned()];
    };
    let (user, name) = (&log.threads[thread].name, operation.name);
    let at = short(operation.place);
    let drop = |(number, event): (usize, &Event)| {
        let dropped = event.effect == Effect::Dropped;
        dropped.then_some((event.thread, number))
    };
    let Some((id, (dropper, row))) =
        operation.object.zip(log.events.iter().enumerate().find_map(drop))
    else {
        return vec![format!(
            "{user} calls {name}, {at}, on memory in which no such object lives: it was freed and is used for \
             something else, or was never initialised"
        )];
    };
    let o = names.of(id);
    vec![
        format!("{o} (made at {}) is used after it was dropped:", short(log.object(id).made)),
        format!("{} drops it ({})", log.threads[dropper].name, at_row(row)),
        format!("{user} uses it, in {o}.{name}, {at}"),
    ]
}

fn leaked_arcs(log: &Log, names: &Names) -> Vec<String> {
    let mut lines = Vec::new();
    for (id, object) in log.objects() {
        let kinds = [("reference", &object.references), ("weak reference", &object.weak)];
        for (kind, left) in kinds {
            if left.is_empty() {
                continue;
            }
            lines.push(format!(
                "{} still has {} when all threads are done: an Arc made at {}",
                names.of(id),
                count(left.len(), kind),
                short(object.made)
            ));
            lines.extend(left.iter().map(|reference| {
                format!(
                    "the {kind} that {} made at {} is never dropped",
                    log.threads[reference.maker].name,
                    short(reference.made)
                )
            }));
        }
    }
    lines
}
