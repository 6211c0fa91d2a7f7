//! A thread that is woken and does not look again at what it waits for: `if` in place of `while`.

use super::{Case, Remark, at_row};
use crate::protocol::Kind;
use crate::reading::culprit;
use crate::record::{Effect, Event, Log, ObjectId, ThreadId};

/// A thread's last sleep, and what it did when it woke.
#[derive(Clone, Copy, Debug)]
struct Sleep<'a> {
    thread: ThreadId,
    name: &'static str,
    spurious: bool,
    /// The condition variable or the word; none for `park`.
    object: Option<ObjectId>,
    /// The mutex that it gave back while it slept.
    mutex: Option<ObjectId>,
    sleeps: usize,
    wakes: usize,
    /// From here on it goes by what it finds.
    goes_on: usize,
    event: &'a Event,
}

pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let (thread, end) = match case.kind {
        Kind::Panic => culprit(case.log).map(|panic| (panic.thread, panic.at))?,
        _ => (case.log.stopped.as_ref()?.0, case.log.events.len()),
    };
    let sleep = last_sleep(case.log, thread, end)?;
    if looks_again(case, sleep, end) {
        return None;
    }
    if sleep.spurious {
        for_nothing(case, sleep, "wakes up for no reason")
    } else if case.kind == Kind::Panic && is_without_loop(case, sleep)? {
        stolen(case, sleep).or_else(|| for_nothing(case, sleep, "is woken by a late notification"))
    } else {
        None
    }
}

/// Whether the source shows that nothing repeats the wait: it stands in no loop, and in the function that took the
/// lock, so that no loop is around a call of it.
fn is_without_loop(case: Case<'_>, sleep: Sleep<'_>) -> Option<bool> {
    let place = sleep.event.place?;
    let mut own = case.log.events_before(sleep.thread, sleep.sleeps);
    let (_, locked) = own.rfind(|(_, event)| event.locks() == sleep.mutex)?;
    Some(
        case.code.is_in_loop(place) == Some(false) && case.code.same_function(locked.place?, place),
    )
}

fn last_sleep(log: &Log, thread: ThreadId, end: usize) -> Option<Sleep<'_>> {
    let mut own = log.events_before(thread, end);
    let (sleeps, event) = own.rfind(|(_, event)| event.sleeps())?;
    let mutex = event.unlocks();
    let mut after = log
        .events_of(thread)
        .skip_while(|(number, _)| *number <= sleeps);
    let (wakes, woken) = after.next()?;
    let Effect::Wakes { name, spurious } = woken.effect else {
        return None;
    };
    let goes_on = match mutex {
        Some(mutex) => after.find(|(_, event)| event.locks() == Some(mutex))?.0,
        None => after.next().map_or(log.events.len(), |(number, _)| number),
    };
    Some(Sleep {
        thread,
        name,
        spurious,
        object: event.object,
        mutex,
        sleeps,
        wakes,
        goes_on,
        event,
    })
}

/// Whether the thread, awake again, reads an atomic at a place where it has read one before it fell asleep: that is
/// a loop.
fn looks_again(case: Case<'_>, sleep: Sleep<'_>, end: usize) -> bool {
    let reads = |end| {
        let own = case.log.events_before(sleep.thread, end);
        own.filter(|(_, event)| event.reads().is_some())
    };
    let mut after = reads(end).filter(|(number, _)| *number > sleep.wakes);
    after.any(|(_, after)| reads(sleep.sleeps).any(|(_, before)| before.place == after.place))
}

/// What it waits in, for a sentence.
fn waits_in(case: Case<'_>, sleep: Sleep<'_>) -> String {
    let what = sleep.name.rsplit(':').next().unwrap_or(sleep.name);
    sleep.object.map_or_else(
        || what.to_owned(),
        |id| format!("{}.{what}", case.object(id)),
    )
}

/// It went on, though nothing had changed since it fell asleep.
fn for_nothing(case: Case<'_>, sleep: Sleep<'_>, woken: &str) -> Option<Remark> {
    let changed = case.log.events[sleep.sleeps..sleep.goes_on]
        .iter()
        .any(|event| {
            event.thread != sleep.thread
                && (event.writes().is_some()
                    || event.unlocks().is_some()
                    || event.locks().is_some_and(|lock| sleep.mutex == Some(lock)))
        });
    let told = case.log.events[sleep.sleeps..sleep.goes_on]
        .iter()
        .any(|event| {
            event.thread != sleep.thread
                && matches!(event.effect, Effect::Notify { .. } | Effect::Unpark(_))
        });
    if changed || told && sleep.spurious {
        return None;
    }
    let text = format!(
        "`if` where a `while` is needed: {} {woken} in {} ({}), and goes on though nothing has changed since it fell \
         asleep ({}). Look again after every wake-up, in a loop.",
        case.thread(sleep.thread),
        waits_in(case, sleep),
        at_row(sleep.wakes),
        at_row(sleep.sleeps)
    );
    Some(Remark::new(text).mark(sleep.wakes, "does not look again"))
}

/// It was notified, and another thread had the mutex before it.
fn stolen(case: Case<'_>, sleep: Sleep<'_>) -> Option<Remark> {
    let mutex = sleep.mutex?;
    let within = || case.log.events.iter().enumerate().take(sleep.goes_on);
    let (notified, by) = within().skip(sleep.sleeps).find(|(_, event)| {
        event.object == sleep.object
            && matches!(&event.effect, Effect::Notify { woken, .. } if woken.contains(&sleep.thread))
    })?;
    let (stolen, thief) = within().skip(notified).rfind(|(_, event)| {
        ![sleep.thread, by.thread].contains(&event.thread) && event.locks() == Some(mutex)
    })?;
    let (t, u) = (case.thread(sleep.thread), case.thread(thief.thread));
    let text = format!(
        "`if` where a `while` is needed: {t} is woken in {} ({}), but {u} has {} first ({}), and what {t} was woken \
         for may be gone. Look again after every wake-up, in a loop.",
        waits_in(case, sleep),
        at_row(notified),
        case.object(mutex),
        at_row(stolen)
    );
    let mark = format!("before {t}, which is woken");
    Some(Remark::new(text).mark(stolen, mark))
}
