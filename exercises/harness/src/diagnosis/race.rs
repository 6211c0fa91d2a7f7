//! A data race, or a stale load: what should have ordered two accesses and does not.

use super::code::Code;
use super::order::{Later, Missing, Order, Source, Stronger, missing, with_half};
use super::{Usually, name};
use crate::dry_run::{Names, at_row, culprit, other_access, racing_access};
use crate::record::{Effect, Event, Log, ObjectId, Pending, ThreadId, Value};
use std::sync::atomic::Ordering::{Acquire, Release, SeqCst};

/// The usual mistake behind a data race.
pub(super) fn of_race(log: &Log, names: &Names, code: Code<'_>) -> Option<Usually> {
    let &(thread, _) = log.loom.as_ref()?;
    let access = racing_access(log, thread)?;
    let Some(other) = other_access(log, thread, access) else {
        return of_making(log, names, thread, access.object?);
    };
    let later = Later::Next(thread);
    let is = Order::new(log, Stronger::default());
    if is.is_before(log, other, later) {
        // The access that it races with is an earlier one, which is not known.
        return None;
    }
    if let Some(missing) = missing(log, other, later) {
        return ordering(log, names, code, missing);
    }
    // Whoever reads an atomic of the other's meant to be told by it.
    let told = log.events_of(thread).any(|(number, _)| {
        let wrote = match is.source(number) {
            Some(Source::Event(write)) => write,
            _ => return false,
        };
        wrote > other && log.events[wrote].thread == log.events[other].thread
    });
    if told {
        return None;
    }
    if let Some(early) = announced_early(log, names, code, &is, thread, other) {
        return Some(early);
    }
    no_common_lock(log, names, thread, access, other)
}

/// The writer says that the data is there, the reader goes by that, and the write comes only afterwards, as the next
/// that its thread does.
fn announced_early(
    log: &Log,
    names: &Names,
    code: Code<'_>,
    is: &Order,
    reader: ThreadId,
    write: usize,
) -> Option<Usually> {
    let writer = log.events[write].thread;
    if log.events[write].effect != Effect::Write {
        return None;
    }
    let (word, said) = log.events_before(writer, write).next_back()?;
    said.writes()?;
    let (heard, _) = log.events_of(reader).find(|(number, event)| {
        let by_word = matches!(is.source(*number), Some(Source::Event(source)) if source == word);
        by_word && event.place.is_some_and(|place| code.decides(place))
    })?;
    let (w, r, o) = (name(log, writer), name(log, reader), names.of(said.object?));
    let text = format!(
        "announced too early: {w}'s {} of {o} ({}) says that the data is there, {r} goes by it ({}), and {w} writes the \
         data only then ({}). Write first, announce last.",
        what(said),
        at_row(word),
        at_row(heard),
        at_row(write)
    );
    Some(Usually::new(text).mark(word, "too early"))
}

/// The usual mistake behind a stale load that a panic shows.
pub(super) fn of_stale_load(log: &Log, names: &Names, code: Code<'_>) -> Option<Usually> {
    let panic = culprit(log)?;
    let mut own = log.events_before(panic.thread, panic.at);
    let (load, event) = own.rfind(|(_, event)| event.is_stale())?;
    // One that has looked again since has seen the newest.
    let mut since = log.events_before(panic.thread, panic.at);
    if since.any(|(number, later)| {
        number > load && later.object == event.object && later.reads().is_some()
    }) {
        return None;
    }
    if !code.spoken_of(panic)?.shows(code, event) {
        return None;
    }
    let newest = log.events[..load]
        .iter()
        .rposition(|other| other.object == event.object && other.writes().is_some())?;
    if log.events[newest].thread == panic.thread {
        return None;
    }
    let missing = missing(log, newest, Later::Event(load))?;
    ordering(log, names, code, missing)
}

/// The orderings that a pair of operations lacks.
fn ordering(log: &Log, names: &Names, code: Code<'_>, missing: Missing) -> Option<Usually> {
    let (writer, reader) = (&log.events[missing.write], &log.events[missing.read]);
    let place = reader.place?;
    // With one end in order somebody meant it to be one. With neither, a reader that goes by what it reads did.
    if !(code.decides(place) || missing.has_one_end() && code.is_returned(place)) {
        return None;
    }
    let text = format!(
        "{} reads {} ({}), and that does not order it after what {} did before {} ({}): {}.",
        name(log, reader.thread),
        names.of(reader.object?),
        at_row(missing.read),
        name(log, writer.thread),
        format_args!("its {}", what(writer)),
        at_row(missing.write),
        needs(log, missing)?
    );
    Some(mark_ends(log, missing, Usually::new(text)))
}

/// What the two ends of a pair are, and need to be.
fn needs(log: &Log, missing: Missing) -> Option<String> {
    let (writer, reader) = (&log.events[missing.write], &log.events[missing.read]);
    let (w, r) = (writer.order()?, reader.order()?);
    let (release, acquire) = (with_half(writer, Release), with_half(reader, Acquire));
    let (writer, reader) = (what(writer), what(reader));
    let Stronger {
        release: at_write,
        acquire: at_read,
    } = missing.stronger;
    Some(match (at_write, at_read) {
        (Some(_), None) => format!("the {writer} is {w:?} and needs {release:?}"),
        (None, Some(_)) => format!("the {reader} is {r:?} and needs {acquire:?}"),
        _ => format!(
            "the {writer} is {w:?} and needs {release:?}, the {reader} is {r:?} and needs {acquire:?}"
        ),
    })
}

fn mark_ends(log: &Log, missing: Missing, mut usually: Usually) -> Usually {
    let ends = [
        (missing.stronger.release, Release),
        (missing.stronger.acquire, Acquire),
    ];
    for (event, half) in ends {
        if let Some(event) = event {
            let order = with_half(&log.events[event], half);
            usually = usually.mark(event, format!("needs {order:?}"));
        }
    }
    usually
}

/// What an operation on an atomic is called.
fn what(event: &Event) -> &'static str {
    match event.effect {
        Effect::Load { .. } => "load",
        Effect::Update { name, .. } | Effect::Exchange { name, .. } => name,
        _ => "store",
    }
}

/// The making of an object races with its use: the pointer by which a thread came to it was handed over without
/// ordering.
fn of_making(log: &Log, names: &Names, thread: ThreadId, id: ObjectId) -> Option<Usually> {
    let maker = log.object(id).maker;
    let is = Order::new(log, Stronger::default());
    // It came by the last pointer that it read, if the maker wrote that.
    let (read, event) = log
        .events_of(thread)
        .rfind(|(_, event)| matches!(event.reads(), Some(Value::Pointer(p)) if p != 0))?;
    let Some(Source::Event(write)) = is.source(read) else {
        return None;
    };
    if log.events[write].thread != maker {
        return None;
    }
    let missing = missing(log, write, Later::Event(read))?;
    let text = format!(
        "{} makes {} and hands it over by {} ({}), and {}, which finds it there ({}), is not ordered after its \
         making: {}.",
        name(log, maker),
        names.of(id),
        names.of(event.object?),
        at_row(write),
        name(log, thread),
        at_row(read),
        needs(log, missing)?
    );
    Some(mark_ends(log, missing, Usually::new(text)))
}

/// Two accesses that hold locks, and none that both hold.
fn no_common_lock(
    log: &Log,
    names: &Names,
    thread: ThreadId,
    access: Pending,
    other: usize,
) -> Option<Usually> {
    let event = &log.events[other];
    let locks = |thread, at| -> Vec<ObjectId> {
        let held = log.held(thread, at);
        held.into_iter().map(|(lock, _)| lock).collect()
    };
    let theirs = locks(event.thread, other);
    let mine = locks(thread, log.events.len());
    let any = !theirs.is_empty() || !mine.is_empty();
    if !any || theirs.iter().any(|lock| mine.contains(lock)) {
        return None;
    }
    let held = |locks: &[ObjectId]| match locks {
        [] => "no lock".to_owned(),
        all => all
            .iter()
            .map(|&lock| names.of(lock))
            .collect::<Vec<_>>()
            .join(" and "),
    };
    let what = match event.effect {
        Effect::Write => "writes",
        _ => "reads",
    };
    let o = names.of(access.object?);
    let text = format!(
        "{} holds {} when it {what} {o} ({}), {} holds {} when it {}s it. A lock orders only those who hold it: \
         both must hold the same one.",
        name(log, event.thread),
        held(&theirs),
        at_row(other),
        name(log, thread),
        held(&mine),
        access.name
    );
    let mark = match theirs.as_slice() {
        [] => "holds no lock".to_owned(),
        all => format!("holds {}", held(all)),
    };
    Some(Usually::new(text).mark(other, mark))
}

/// One side of two threads that each store and then look for the other's store.
#[derive(Clone, Copy, Debug)]
struct Side {
    store: usize,
    load: usize,
}

/// Each of two threads stores and then looks at what the other stores, and neither sees the other's.
pub(super) fn store_buffering(log: &Log, names: &Names) -> Option<Usually> {
    let stale: Vec<usize> = (0..log.events.len())
        .filter(|&number| log.events[number].is_stale())
        .collect();
    let &last = stale.last()?;
    let is = Order::new(log, Stronger::default());
    let mine = Side {
        store: store_before(log, last)?,
        load: last,
    };
    let (me, x, y) = (
        log.events[last].thread,
        log.events[mine.store].object?,
        log.events[last].object?,
    );
    let newest = log.events[..last]
        .iter()
        .rposition(|event| event.object == Some(y) && event.writes().is_some())?;
    let other = log.events[newest].thread;
    // The other's look at what this thread stores, after its own store.
    let (load, _) = log.events_of(other).rfind(|(number, event)| {
        *number > newest && event.object == Some(x) && matches!(event.effect, Effect::Load { .. })
    })?;
    let theirs = Side {
        store: newest,
        load,
    };
    // It saw an older value than this thread stored.
    let missed = match is.source(load)? {
        Source::Initial => true,
        Source::Event(seen) => seen < mine.store,
    };
    let explained = stale.iter().all(|&s| s == last || s == load);
    if me == other || x == y || !missed || !explained {
        return None;
    }
    let fenced = [mine, theirs].map(|side| has_fence(log, side));
    if fenced == [true, true] || one_is_ordered(log, &is, mine, theirs) {
        return None;
    }
    let one = |side: Side| {
        let (store, load) = (&log.events[side.store], &log.events[side.load]);
        Some(format!(
            "{} writes {} ({}) and then reads {} ({})",
            name(log, store.thread),
            names.of(store.object?),
            at_row(side.store),
            names.of(load.object?),
            at_row(side.load)
        ))
    };
    let text = format!(
        "{}, {}, and neither sees what the other wrote. Both need a fence(SeqCst) between the write and the read.",
        one(mine)?,
        one(theirs)?
    );
    let mut usually = Usually::new(text);
    for (side, fenced) in [mine, theirs].into_iter().zip(fenced) {
        if !fenced {
            usually = usually.mark(side.load, "no fence before it");
        }
    }
    Some(usually)
}

/// The thread's last write before the load, of another atomic than that reads.
fn store_before(log: &Log, load: usize) -> Option<usize> {
    let event = &log.events[load];
    let mut own = log.events_before(event.thread, load);
    own.rfind(|(_, other)| other.writes().is_some() && other.object != event.object)
        .map(|(store, _)| store)
}

fn has_fence(log: &Log, side: Side) -> bool {
    let mut own = log.events_of(log.events[side.store].thread);
    own.any(|(number, event)| {
        (side.store..side.load).contains(&number) && event.effect == Effect::Fence(SeqCst)
    })
}

/// Whether synchronisation puts one of the stores before the look of the other: then there was no race of the two.
fn one_is_ordered(log: &Log, is: &Order, a: Side, b: Side) -> bool {
    is.is_before(log, a.store, Later::Event(b.load))
        || is.is_before(log, b.store, Later::Event(a.load))
}
