//! A thread that is woken and does not look again at what it waits for.

use super::code::Code;
use super::name;
use crate::protocol::Kind;
use crate::reading::{Names, Remark, at_row, culprit};
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

/// The usual mistake behind a failure of a thread that a wake-up let through.
pub(super) fn cause(log: &Log, names: &Names, code: Code<'_>, kind: Kind) -> Option<Remark> {
    let (thread, end) = match kind {
        Kind::Panic => culprit(log).map(|panic| (panic.thread, panic.at))?,
        _ => (log.stopped.as_ref()?.0, log.events.len()),
    };
    let sleep = last_sleep(log, thread, end)?;
    if looks_again(log, sleep, end) {
        return None;
    }
    if sleep.spurious {
        for_nothing(log, names, sleep, "wakes up for no reason")
    } else if kind == Kind::Panic && is_without_loop(log, code, sleep)? {
        stolen(log, names, sleep)
            .or_else(|| for_nothing(log, names, sleep, "is woken by a late notification"))
    } else {
        None
    }
}

/// Whether the source shows that nothing repeats the wait: it stands in no loop, and in the function that took the
/// lock, so that no loop is around a call of it.
fn is_without_loop(log: &Log, code: Code<'_>, sleep: Sleep<'_>) -> Option<bool> {
    let place = sleep.event.place?;
    let mut own = log.events_before(sleep.thread, sleep.sleeps);
    let (_, locked) = own.rfind(|(_, event)| event.locks() == sleep.mutex)?;
    Some(code.is_in_loop(place) == Some(false) && code.same_function(locked.place?, place))
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
fn looks_again(log: &Log, sleep: Sleep<'_>, end: usize) -> bool {
    let reads = |end| {
        let own = log.events_before(sleep.thread, end);
        own.filter(|(_, event)| event.reads().is_some())
    };
    let mut after = reads(end).filter(|(number, _)| *number > sleep.wakes);
    after.any(|(_, after)| reads(sleep.sleeps).any(|(_, before)| before.place == after.place))
}

/// What it waits in, for a sentence.
fn waits_in(names: &Names, sleep: Sleep<'_>) -> String {
    let what = sleep.name.rsplit(':').next().unwrap_or(sleep.name);
    sleep
        .object
        .map_or_else(|| what.to_owned(), |id| format!("{}.{what}", names.of(id)))
}

/// It went on, though nothing had changed since it fell asleep.
fn for_nothing(log: &Log, names: &Names, sleep: Sleep<'_>, woken: &str) -> Option<Remark> {
    let changed = log.events[sleep.sleeps..sleep.goes_on].iter().any(|event| {
        event.thread != sleep.thread
            && (event.writes().is_some()
                || event.unlocks().is_some()
                || event.locks().is_some_and(|lock| sleep.mutex == Some(lock)))
    });
    let told = log.events[sleep.sleeps..sleep.goes_on].iter().any(|event| {
        event.thread != sleep.thread
            && matches!(event.effect, Effect::Notify { .. } | Effect::Unpark(_))
    });
    if changed || told && sleep.spurious {
        return None;
    }
    let text = format!(
        "`if` where a `while` is needed: {} {woken} in {} ({}), and goes on though nothing has changed since it fell \
         asleep ({}). Look again after every wake-up, in a loop.",
        name(log, sleep.thread),
        waits_in(names, sleep),
        at_row(sleep.wakes),
        at_row(sleep.sleeps)
    );
    Some(Remark::new(text).mark(sleep.wakes, "does not look again"))
}

/// It was notified, and another thread had the mutex before it.
fn stolen(log: &Log, names: &Names, sleep: Sleep<'_>) -> Option<Remark> {
    let mutex = sleep.mutex?;
    let within = || log.events.iter().enumerate().take(sleep.goes_on);
    let (notified, by) = within().skip(sleep.sleeps).find(|(_, event)| {
        event.object == sleep.object
            && matches!(&event.effect, Effect::Notify { woken, .. } if woken.contains(&sleep.thread))
    })?;
    let (stolen, thief) = within().skip(notified).rfind(|(_, event)| {
        ![sleep.thread, by.thread].contains(&event.thread) && event.locks() == Some(mutex)
    })?;
    let (t, u) = (name(log, sleep.thread), name(log, thief.thread));
    let text = format!(
        "`if` where a `while` is needed: {t} is woken in {} ({}), but {u} has {} first ({}), and what {t} was woken \
         for may be gone. Look again after every wake-up, in a loop.",
        waits_in(names, sleep),
        at_row(notified),
        names.of(mutex),
        at_row(stolen)
    );
    let mark = format!("before {t}, which is woken");
    Some(Remark::new(text).mark(stolen, mark))
}
