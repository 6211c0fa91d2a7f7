//! A thread is never woken: another one got the notification, or it came before the thread slept.

use super::{Case, Remark, at_row, gives_back_changed, last_futex_sleep_of, last_sleep_of};
use crate::diagnosis::waits::{all_needs, ring};
use crate::record::{Effect, Event, ObjectId, Standing, ThreadId};

/// Silent if threads wait for each other in a ring, which explains more; and of a notification for several, if there was another
/// change after it.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    // One that slept in time was not told. Another that slept too late may well wait for that one.
    sleepers(case)
        .find_map(|thread| one_for_several(case, thread, false))
        .or_else(|| sleepers(case).find_map(|thread| missed(case, thread)))
}

/// One notification for several sleepers, whatever changed after it: for when nothing is known of that change.
pub(super) fn of_several(case: Case<'_>) -> Option<Remark> {
    sleepers(case).find_map(|thread| one_for_several(case, thread, true))
}

/// The threads, or none if some wait for each other in a ring.
fn sleepers(case: Case<'_>) -> std::ops::Range<ThreadId> {
    let is_ring = ring(&all_needs(case.log)).is_some();
    0..if is_ring { 0 } else { case.log.threads.len() }
}

/// The notifications of the condition variable or the futex that a thread sleeps on for good.
struct Said<'a> {
    object: ObjectId,
    asleep_since: usize,
    /// The event and whom it woke: those before the thread fell asleep, and those after.
    before: Vec<(usize, &'a [ThreadId])>,
    after: Vec<(usize, &'a [ThreadId])>,
}

fn said(case: Case<'_>, thread: ThreadId) -> Option<Said<'_>> {
    let sleeper = &case.log.threads[thread];
    if sleeper.standing != Standing::Asleep {
        return None;
    }
    let object = sleeper.pending?.object?;
    let asleep_since = case.log.events.iter().rposition(|event| {
        event.thread == thread && event.object == Some(object) && event.sleeps()
    })?;
    let events = case.log.events.iter().enumerate();
    let (before, after) = events
        .filter_map(|(at, event)| Some((at, notification(event, object)?)))
        .partition(|(at, _)| *at < asleep_since);
    Some(Said { object, asleep_since, before, after })
}

/// It slept when a notification came, and another sleeper had it.
fn one_for_several(case: Case<'_>, thread: ThreadId, whatever_changed: bool) -> Option<Remark> {
    let Said { object, asleep_since, after, .. } = said(case, thread)?;
    let &(last, woken) = after.last()?;
    if after.iter().any(|(_, woken)| woken.is_empty())
        || !whatever_changed && changes_once_more(case, thread, last, woken)
    {
        return None;
    }
    let (t, o) = (case.thread(thread), case.object(object));
    let woken: Vec<&str> = woken.iter().map(|&thread| case.thread(thread)).collect();
    let text = format!(
        "one notification, several sleepers: it wakes {} ({}), and {t} sleeps on {o} as well ({}). Notify all if the news is \
         for all, or let each that wakes notify the next.",
        woken.join(" and "),
        at_row(last),
        at_row(asleep_since)
    );
    Some(Remark::new(text).mark(last, format!("{t} is not told")))
}

/// The last notification found no sleeper, after this thread had looked and before it slept for the first time. One that slept
/// before was notified once, and went back to sleep for a reason of its own.
fn missed(case: Case<'_>, thread: ThreadId) -> Option<Remark> {
    let Said { object, asleep_since, before, after } = said(case, thread)?;
    let &(word, []) = before.last()? else {
        return None;
    };
    let slept = case.log.events[..asleep_since]
        .iter()
        .any(|e| e.thread == thread && e.object == Some(object) && e.sleeps());
    let change = change_slept_by(case, thread, word);
    if slept
        || !after.is_empty()
        || !looked_before(case, thread, word)
        || change.is_some_and(|change| change.nothing_came_between)
        || let_others_run(case, thread, asleep_since)
    {
        return None;
    }
    let (t, o) = (case.thread(thread), case.object(object));
    let text = format!(
        "a missed notification: {} notifies {o} ({}) before {t} sleeps on it ({}), and a notification is not remembered. {}",
        case.thread(case.event(word).thread),
        at_row(word),
        at_row(asleep_since),
        remedy(case, object, change)
    );
    Some(Remark::new(text).mark(word, "nobody hears it"))
}

/// Whether what a thread waits for is so, and another than those who were told has changed it since they were: that is another
/// change, for which nobody was notified. Who had the lock as it notified made its change before.
fn changes_once_more(case: Case<'_>, thread: ThreadId, told: usize, woken: &[ThreadId]) -> bool {
    let mutex = last_sleep_of(case, thread).and_then(|(_, sleep)| sleep.unlocks());
    let since = || case.log.events.iter().enumerate().skip(told + 1);
    let changes = |(number, event): (usize, &Event)| {
        let is_taken = |e: &Event| e.thread == event.thread && e.locks() == mutex;
        event.thread != thread
            && !woken.contains(&event.thread)
            && event.unlocks() == mutex
            && !event.sleeps()
            && gives_back_changed(event)
            && since().any(|(taken, e)| taken < number && is_taken(e))
    };
    mutex.is_some() && case.log.untold.contains(&thread) && since().any(changes)
}

/// What keeps a notification from being missed.
fn remedy(case: Case<'_>, object: ObjectId, change: Option<Change>) -> String {
    if let Some(Change { row, .. }) = change {
        return format!(
            "The sleeper goes by the value that was new by then ({}): it must read the word before it looks whether it has to \
             wait, or says that it does.",
            at_row(row)
        );
    }
    let remedy = if case.log.object(object).type_name == "Condvar" {
        "The sleeper must check the condition under the lock and keep the lock until it sleeps; the notifier must \
         change the condition under that lock first."
    } else {
        "The waker must change the word first, and the sleeper must say which value it has seen."
    };
    remedy.to_owned()
}

/// Whether the thread had taken a lock or read an atomic before another gave the notification `word`.
fn looked_before(case: Case<'_>, thread: ThreadId, word: usize) -> bool {
    // What it said itself it has not missed.
    case.event(word).thread != thread
        && case.log.events[..word].iter().any(|event| {
            let looks = matches!(event.effect, Effect::Lock(_)) || event.reads().is_some();
            event.thread == thread && looks
        })
}

/// The write of a futex's word, before its notification, that left the value by which a thread sleeps.
#[derive(Clone, Copy)]
struct Change {
    row: usize,
    /// The thread had the lock under which it had looked when it read that value: nothing can have changed since its look.
    nothing_came_between: bool,
}

/// The change that the notification `word` tells of, if the thread sleeps by the value that it left.
fn change_slept_by(case: Case<'_>, thread: ThreadId, word: usize) -> Option<Change> {
    let (asleep, sleep, expected) = last_futex_sleep_of(case, thread)?;
    let mut own = case.log.events_before(thread, asleep).rev();
    let (read, _) = own.find(|(_, e)| e.object == sleep.object && e.reads().is_some())?;
    let by = case.event(word).thread;
    let mut before = case.log.events_before(by, word).rev();
    let (row, change) = before.find(|(_, e)| e.object == sleep.object && e.writes().is_some())?;
    let nothing_came_between = !case.log.held(thread, read).is_empty();
    (row < read && change.writes() == Some(expected))
        .then_some(Change { row, nothing_came_between })
}

/// Whether the thread yielded, and then took the lock under which it fell asleep: it has looked again under that lock.
fn let_others_run(case: Case<'_>, thread: ThreadId, asleep_since: usize) -> bool {
    let own = case.log.events_before(thread, asleep_since).rev();
    let mut own = own.filter(|(_, event)| !matches!(event.effect, Effect::LockWaits { .. }));
    own.next().is_some_and(|(_, event)| event.locks().is_some())
        && own.next().is_some_and(|(_, event)| event.effect == Effect::Yield)
}

/// Whom a notification of `object` woke.
fn notification(event: &Event, object: ObjectId) -> Option<&[ThreadId]> {
    match &event.effect {
        Effect::Notify { woken, .. } if event.object == Some(object) => Some(woken),
        _ => None,
    }
}
