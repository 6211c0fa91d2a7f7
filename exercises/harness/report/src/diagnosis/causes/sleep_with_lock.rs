//! A thread sleeps and keeps a lock that the thread which would wake it needs.

use super::{Case, Remark, at_row};
use crate::diagnosis::waits::{Needs, all_needs, ring};
use crate::record::{Effect, Standing, ThreadId};

/// Silent if threads wait for each other in a ring, which explains more.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let needs = all_needs(case.log);
    if ring(&needs).is_some() {
        return None;
    }
    (0..case.log.threads.len()).find_map(|thread| of_sleeper(case, &needs, thread))
}

fn of_sleeper(case: Case<'_>, needs: &[Needs], thread: ThreadId) -> Option<Remark> {
    let sleeper = &case.log.threads[thread];
    if sleeper.standing != Standing::Asleep {
        return None;
    }
    let pending = sleeper.pending?;
    // Once it has been told anything, there may be another reason.
    let told = case.log.events.iter().any(|event| match &event.effect {
        Effect::Notify { .. } => event.object.is_some() && event.object == pending.object,
        Effect::Unpark(target) => *target == thread,
        _ => false,
    });
    let words: &[&str] = match pending.name {
        "park" => &["unpark"],
        "wait" => &["notify_one", "notify_all"],
        "send" => &["recv", "iter"],
        "recv" => &["send"],
        _ => &["wake_one", "wake_all"],
    };
    // Main opens the gates of the test, at which code that the caller gave is made to wait.
    let is_of_test = |id| case.log.object(id).is_fixture;
    let at_gate = pending.object.is_some_and(is_of_test);
    let opens = |need: &Needs| {
        at_gate && need.waits == 0 && need.lock.is_some_and(|(lock, _)| !is_of_test(lock))
    };
    let wakes = |need: &Needs| {
        let place = case.log.threads[need.waits].pending.map(|pending| pending.place);
        place.is_some_and(|place| case.code.comes_after(place, words))
    };
    let (asleep, _) = case.log.events_of(thread).rfind(|(_, event)| event.sleeps())?;
    let of_it = needs.iter().filter(|need| need.of == thread);
    let need = of_it.filter(|need| need.lock.is_some()).find(|need| opens(need) || wakes(need))?;
    let (lock, since) = need.lock.filter(|_| !told)?;
    let (t, u, l) = (case.thread(thread), case.thread(need.waits), case.object(lock));
    let remedy = match pending.name {
        _ if opens(need) => {
            "What sleeps there may be code of the caller, a closure or a destructor: run it without a lock."
        }
        "send" | "recv" => "A channel gives back no lock: unlock it first.",
        _ => "A wait gives back only its own mutex: unlock the others first.",
    };
    let text = format!(
        "a sleep that keeps a lock: {t} sleeps ({}) and holds {l} ({}), which {u} needs before it can wake it. {remedy}",
        at_row(asleep),
        at_row(since)
    );
    let mark = format!("still held while {t} sleeps");
    Some(Remark::new(text).mark(since, mark))
}
