//! A thread that is woken and does not look again at what it waits for: `if` in place of `while`.

use super::{Case, Race, Remark, at_row};
use crate::diagnosis::code::Spot;
use crate::diagnosis::order::{Later, Order, Stronger};
use crate::reading::culprit;
use crate::record::{Effect, Event, Log, ObjectId, Source, ThreadId};
use harness_base::protocol::Kind;

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
        // It went on, and dropped what another thread was to use.
        Kind::UseAfterDrop => dropper(case.log)?,
        _ => (case.log.stopped.as_ref()?.0, case.log.events.len()),
    };
    let sleep = last_sleep(case.log, thread, end)?;
    // A gate of the test looks again by itself.
    if sleep.object.is_some_and(|id| case.log.object(id).is_fixture)
        || looks_again(case, sleep, end)
    {
        return None;
    }
    if case.kind == Kind::DataRace && is_without_loop(case, sleep)? {
        return not_ordered(case, sleep);
    }
    if sleep.spurious {
        for_nothing(case, sleep, "wakes up for no reason")
    } else if case.kind == Kind::Panic && is_without_loop(case, sleep)? {
        stolen(case, sleep).or_else(|| for_nothing(case, sleep, "is woken by a late notification"))
    } else {
        None
    }
}

/// Of any thread that wakes up for no reason under a mutex, and neither sleeps again nor finds anything changed: what another
/// one waits for has not happened then.
pub(super) fn of_any_thread(case: Case<'_>) -> Option<Remark> {
    let woken = case.log.events.iter().enumerate();
    let mut woken =
        woken.filter(|(_, event)| matches!(event.effect, Effect::Wakes { spurious: true, .. }));
    woken.find_map(|(number, event)| {
        let sleep = last_sleep(case.log, event.thread, number)?;
        // It may look at a clock before it gives the mutex back, or sleeps, which gives it back, too.
        let mut after = case.log.events_of(sleep.thread).filter(|(n, _)| *n > sleep.goes_on);
        let (_, next) = after.find(|(_, event)| event.unlocks() == sleep.mutex)?;
        let goes_on = sleep.mutex.is_some() && !(next.sleeps() && next.object == sleep.object);
        let of_test = sleep.object.is_some_and(|id| case.log.object(id).is_fixture);
        (goes_on && !of_test).then(|| for_nothing(case, sleep, "wakes up for no reason"))?
    })
}

/// The thread that dropped too early, and the event in which it did.
fn dropper(log: &Log) -> Option<(ThreadId, usize)> {
    let mut events = log.events.iter().enumerate();
    let (dropped, event) = events.find(|(_, event)| event.effect == Effect::Dropped)?;
    Some((event.thread, dropped))
}

/// Whether the source shows that nothing repeats the wait: it stands in no loop, and in the function that took the
/// lock, or that looked before it slept, so that no loop is around a call of it.
fn is_without_loop(case: Case<'_>, sleep: Sleep<'_>) -> Option<bool> {
    let place = sleep.event.place?;
    let mut own = case.log.events_before(sleep.thread, sleep.sleeps);
    let (_, before) = own.rfind(|(_, event)| match sleep.mutex {
        Some(mutex) => event.locks() == Some(mutex),
        None => event.reads().is_some(),
    })?;
    Some(
        case.code.is_in_loop(place) == Some(false) && case.code.same_function(before.place?, place),
    )
}

fn last_sleep(log: &Log, thread: ThreadId, end: usize) -> Option<Sleep<'_>> {
    let mut own = log.events_before(thread, end);
    let (sleeps, event) = own.rfind(|(_, event)| event.sleeps())?;
    let mutex = event.unlocks();
    let mut after = log.events_of(thread).skip_while(|(number, _)| *number <= sleeps);
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
    sleep
        .object
        .map_or_else(|| sleep.name.to_owned(), |id| format!("{}.{}", case.object(id), sleep.name))
}

/// Whether an event may have changed what the thread waits for: under a mutex, a lock of that mutex, or a write to an
/// atomic that the thread read between taking it and falling asleep; without one, any write or unlock. What belongs to
/// the model itself is no part of it.
fn may_change(case: Case<'_>, sleep: Sleep<'_>, event: &Event) -> bool {
    if event.thread == sleep.thread || event.object.is_some_and(|id| case.log.object(id).is_fixture)
    {
        return false;
    }
    let Some(mutex) = sleep.mutex else {
        return match guard(case, sleep) {
            Some(word) => event.object == Some(word) && event.writes().is_some(),
            None => event.writes().is_some() || event.unlocks().is_some(),
        };
    };
    let read = || {
        let own = case.log.events_before(sleep.thread, sleep.sleeps).rev();
        let mut section = own.take_while(|(_, own)| own.locks() != Some(mutex));
        section.any(|(_, own)| own.object == event.object && own.reads().is_some())
    };
    event.locks() == Some(mutex) || event.writes().is_some() && read()
}

/// The atomic that it slept for, if it is known: it stands in the condition of the `if` around the sleep.
fn guard(case: Case<'_>, sleep: Sleep<'_>) -> Option<ObjectId> {
    let mut own = case.log.events_before(sleep.thread, sleep.sleeps);
    let (_, look) = own.rfind(|(_, event)| event.reads().is_some())?;
    let inside = Spot::of(sleep.event.place?)?;
    look.object.filter(|_| look.place.is_some_and(|place| case.code.guards(place, &inside)))
}

/// It went on, though nothing had changed since it fell asleep.
fn for_nothing(case: Case<'_>, sleep: Sleep<'_>, woken: &str) -> Option<Remark> {
    let meanwhile = || case.log.events[sleep.sleeps..sleep.goes_on].iter();
    let changed = meanwhile().any(|event| may_change(case, sleep, event));
    let told = meanwhile().any(|event| {
        let tells = matches!(
            event.effect,
            Effect::Notify { .. } | Effect::Unpark(_) | Effect::Advance { .. }
        );
        event.thread != sleep.thread && tells
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

/// It was woken, and races: the look that it had before it fell asleep, were it repeated, would order it.
fn not_ordered(case: Case<'_>, sleep: Sleep<'_>) -> Option<Remark> {
    let race = Race::of(case)?;
    let (look, event) = case
        .log
        .events_before(sleep.thread, sleep.sleeps)
        .rfind(|(_, event)| event.reads().is_some())?;
    let place = event.place.filter(|place| case.code.decides(place))?;
    let mut again = case.log.clone();
    let newest = again.object(event.object?).newest;
    let mut writes = case.log.events.iter().enumerate();
    let last = writes.rfind(|(_, other)| other.object == event.object && other.writes().is_some());
    again.events.push(Event {
        effect: Effect::Load { got: newest, newest, order: event.order()? },
        source: Some(last.map_or(Source::Initial, |(write, _)| Source::Event(write))),
        ..event.clone()
    });
    let ordered = Order::new(&again, Stronger::default());
    if !ordered.is_before(&again, race.other, Later::Next(sleep.thread))
        || !case.code.same_function(place, sleep.event.place?)
    {
        return None;
    }
    let other = case.event(race.other);
    let (t, u, o) =
        (case.thread(sleep.thread), case.thread(other.thread), case.object(event.object?));
    let text = format!(
        "`if` where a `while` is needed: {t} wakes up in {} ({}) and does not look at {o} again, as it did before \
         ({}). A second look would say whether it may go on, and it would order {t} after what {u} did ({}). Look \
         again after every wake-up, in a loop.",
        waits_in(case, sleep),
        at_row(sleep.wakes),
        at_row(look),
        at_row(race.other)
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
