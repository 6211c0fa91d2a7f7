//! A change that is made of an old value: the value is read in one step and the change made in another, and somebody
//! comes between.

use super::code::{Code, Dependence, Spoken, Spot};
use super::name;
use crate::place::Place;
use crate::reading::{Names, Remark, at_row, culprit, racing_access};
use crate::record::{Effect, Event, Log, ObjectId, Panic, ThreadId};

/// A read, a write by another thread, and the write that knows nothing of it.
#[derive(Clone, Copy, Debug)]
struct Torn {
    object: ObjectId,
    read: usize,
    between: usize,
    write: usize,
    dependence: Dependence,
}

/// The usual mistake behind a panic about a value that one thread has made of an old one.
pub(super) fn of_panic(log: &Log, names: &Names, code: Code<'_>) -> Option<Remark> {
    let panic = culprit(log)?;
    if let Some(twice) = entered_twice(log, names, code, panic.thread, Spot::of_panic(panic)) {
        return Some(twice);
    }
    let spoken = code.spoken_of(panic)?;
    let all = torn_atomics(log, code)
        .map(|torn| (torn, false))
        .chain(torn_locks(log, code).map(|torn| (torn, true)));
    let mut about = all.filter(|(torn, _)| {
        torn.write < panic.at && is_shown(log, names, code, panic, &spoken, *torn)
    });
    let (torn, is_lock) = about.next()?;
    let (t, u) = (
        name(log, log.events[torn.read].thread),
        name(log, log.events[torn.between].thread),
    );
    let o = names.of(torn.object);
    let (read, between, write) = (at_row(torn.read), at_row(torn.between), at_row(torn.write));
    let (text, mark) = if is_lock {
        let mistake = match torn.dependence {
            Dependence::Data => "lost update",
            Dependence::Control => "check-then-act",
        };
        (
            format!(
                "{mistake}: {t} looks under {o} ({read}), unlocks, and changes it under a lock taken anew ({write}). \
                 In between {u} had the lock ({between}), and what {t} saw may no longer be so. Hold the lock from the \
                 look to the change."
            ),
            "goes by an old value".to_owned(),
        )
    } else if torn.dependence == Dependence::Data {
        (
            format!(
                "lost update: {t} reads {o} ({read}), {u} writes it ({between}), and {t} stores what it made of the \
                 old value ({write}). Use one read-modify-write (fetch_add, compare_exchange, …), or one lock around \
                 both."
            ),
            format!("overwrites what {u} wrote"),
        )
    } else {
        (
            format!(
                "check-then-act: {t} looks at {o} ({read}), {u} writes it ({between}), and {t} acts on what it saw \
                 ({write}). Look and act in one step (compare_exchange, swap, …), or hold one lock around both."
            ),
            "goes by an old value".to_owned(),
        )
    };
    Some(Remark::new(text).mark(torn.write, mark))
}

/// The usual mistake behind a data race of two threads that were to exclude each other by an atomic.
pub(super) fn of_race(log: &Log, names: &Names, code: Code<'_>) -> Option<Remark> {
    let (thread, access) = racing_access(log)?;
    entered_twice(log, names, code, thread, Spot::of(access.place))
}

/// Two threads find the same value at the same place, and each replaces it by the same other one: only one of them
/// should have.
fn entered_twice(
    log: &Log,
    names: &Names,
    code: Code<'_>,
    thread: ThreadId,
    inside: Option<Spot>,
) -> Option<Remark> {
    let entry = |thread: ThreadId| {
        let torn = own_pairs(log, code, thread).last()?;
        let found = log.events[torn.read].reads()?;
        let wrote = log.events[torn.write].writes()?;
        let enters = torn.dependence == Dependence::Control && wrote != found;
        enters.then_some((torn, found, wrote))
    };
    let (mine, found, wrote) = entry(thread)?;
    // It is inside still.
    let mut since = log.events_of(thread).filter(|(n, _)| *n > mine.write);
    if since.any(|(_, event)| event.object == Some(mine.object) && event.writes().is_some()) {
        return None;
    }
    let place = |event: usize| log.events[event].place;
    let (look, inside) = (place(mine.read)?, inside?);
    let is_inside =
        code.is_waited_for(look) || code.guards(look, &inside) || code.lets_through(look, &inside);
    if !is_inside {
        return None;
    }
    let others = (0..log.threads.len()).filter(|&other| other != thread);
    let same = |other: &ThreadId| {
        entry(*other).filter(|(theirs, f, w)| {
            (theirs.object, *f, *w) == (mine.object, found, wrote)
                && place(theirs.read) == place(mine.read)
                && place(theirs.write) == place(mine.write)
                && theirs.read < mine.write
                && mine.read < theirs.write
        })
    };
    let (theirs, ..) = others.filter_map(|other| same(&other)).next()?;
    let (first, second) = if mine.write < theirs.write {
        (mine, theirs)
    } else {
        (theirs, mine)
    };
    let [t, u] = [first, second].map(|torn| name(log, log.events[torn.read].thread));
    let o = names.of(mine.object);
    let text = format!(
        "check-then-act: {t} ({}) and {u} ({}) both find {o} as it was, both store ({} and {}), and both go on. Look \
         and store in one step: compare_exchange or swap.",
        at_row(first.read),
        at_row(second.read),
        at_row(first.write),
        at_row(second.write)
    );
    let mark = format!("{t} has stored already");
    Some(Remark::new(text).mark(second.write, mark))
}

/// The loads of an atomic by a thread that are followed by a change of its own which goes by what was loaded.
fn own_pairs<'a>(
    log: &'a Log,
    code: Code<'a>,
    thread: ThreadId,
) -> impl Iterator<Item = Torn> + 'a {
    let changes = log.events_of(thread).filter(|(_, event)| {
        matches!(
            event.effect,
            Effect::Store { .. }
                | Effect::Update {
                    name: "fetch_add" | "fetch_sub",
                    ..
                }
        )
    });
    changes.filter_map(move |(write, change)| {
        let object = change.object?;
        // The last own access before it.
        let (read, load) = log
            .events_before(thread, write)
            .rfind(|(_, event)| event.object == Some(object) && event.order().is_some())?;
        if !matches!(load.effect, Effect::Load { .. }) {
            return None;
        }
        let place = change.place?;
        let dependence = code.dependence(load.place?, place)?;
        // A read-modify-write goes by the newest value, but whether it comes at all may depend on an old one.
        let blind = matches!(change.effect, Effect::Store { .. })
            || dependence == Dependence::Control && code.is_discarded(place);
        blind.then_some(Torn {
            object,
            read,
            between: read,
            write,
            dependence,
        })
    })
}

/// Stores that overwrite what another thread wrote since the value was read.
fn torn_atomics<'a>(log: &'a Log, code: Code<'a>) -> impl Iterator<Item = Torn> + 'a {
    let threads = 0..log.threads.len();
    let pairs = threads.flat_map(move |thread| own_pairs(log, code, thread));
    pairs.filter_map(|torn| {
        let found = log.events[torn.read].reads()?;
        let between = (torn.read + 1..torn.write).rfind(|&number| {
            let event = &log.events[number];
            event.object == Some(torn.object) && event.writes().is_some_and(|new| new != found)
        })?;
        // What changes nothing loses nothing.
        let wrote = log.events[between].writes()?;
        let lost = log.events[torn.write].writes()? != wrote || torn.dependence == Dependence::Data;
        lost.then_some(Torn { between, ..torn })
    })
}

/// Changes under a lock that go by what was seen the last time that the thread held it.
fn torn_locks<'a>(log: &'a Log, code: Code<'a>) -> impl Iterator<Item = Torn> + 'a {
    let locks = log.events.iter().enumerate();
    let changes = locks.filter_map(|(write, event)| Some((write, event, event.locks()?)));
    changes.filter_map(move |(write, event, lock)| {
        let is_lock = |event: &Event| event.locks() == Some(lock);
        let mut own = log.events_before(event.thread, write);
        let (read, look) = own.rfind(|(_, event)| is_lock(event))?;
        let own = &log.events[read..write];
        if own.iter().any(|e| e.thread == event.thread && e.sleeps()) {
            return None;
        }
        let between = (read + 1..write).rfind(|&number| {
            let other = &log.events[number];
            let changes = |place: Place| Some(place) == event.place || code.changes(place);
            other.thread != event.thread && is_lock(other) && other.place.is_some_and(changes)
        })?;
        let dependence = code.dependence(look.place?, event.place?)?;
        Some(Torn {
            object: lock,
            read,
            between,
            write,
            dependence,
        })
    })
}

/// Whether the panic is about the damage: it names the object, or speaks of the function that changed it, or of what
/// its thread has found there since.
fn is_shown(
    log: &Log,
    names: &Names,
    code: Code<'_>,
    panic: &Panic,
    spoken: &Spoken,
    torn: Torn,
) -> bool {
    let looks = |event: &Event| {
        event.object == Some(torn.object) && (event.reads().is_some() || event.locks().is_some())
    };
    let since = log.events_of(panic.thread);
    let mut looked = since.filter(|(n, e)| (torn.write..panic.at).contains(n) && looks(e));
    spoken.names(names.of(torn.object))
        || spoken.shows(code, &log.events[torn.write])
        || looked.any(|(_, event)| spoken.shows(code, event))
}
