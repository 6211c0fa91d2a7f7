//! A value that one thread has made of an old one, while another thread came between: a panic is about it, or a sleeper waits
//! for it.

use super::{
    Case, Remark, about, at_row, given_back, has_changed, last_futex_sleep_of, last_sleep_of,
};
use crate::diagnosis::code::Dependence;
use crate::diagnosis::torn::{Torn, torn_atomics};
use crate::place::Place;
use crate::reading::culprit;
use crate::record::{Data, Effect, Event, Panic};

pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let panic = culprit(case.log)?;
    let spoken = case.code.spoken_of(panic)?;
    let all = torn_atomics(case)
        .map(|torn| (torn, false))
        .chain(torn_locks(case).map(|torn| (torn, true)));
    let mut shown = all.filter(|(torn, is_lock)| {
        torn.write < panic.at
            && (about(case, panic, &spoken, torn.object, torn.write)
                || if *is_lock { is_split(case, torn) } else { is_gone_by(case, torn, panic) })
    });
    let (torn, is_lock) = shown.next()?;
    Some(remark(case, &torn, is_lock))
}

/// The same of a leak: as a rule it is the count of those who still need the value that is torn.
pub(super) fn of_leak(case: Case<'_>) -> Option<Remark> {
    let is_fixture = |torn: &Torn| case.log.object(torn.object).is_fixture;
    let torn = torn_atomics(case).find(|torn| !is_fixture(torn))?;
    Some(remark(case, &torn, false))
}

/// Whether a step of a count is lost, and the thread that panics has gone by that count since.
fn is_gone_by(case: Case<'_>, torn: &Torn, panic: &Panic) -> bool {
    let goes_by = |event: &Event| {
        event.object == Some(torn.object)
            && event.reads().is_some()
            && event.place.is_some_and(|place| case.code.decides(place))
    };
    let mut own = case.log.events_before(panic.thread, panic.at);
    torn.dependence == Dependence::Data
        && matches!(case.event(torn.between).effect, Effect::Update { .. })
        && own.any(|(number, event)| number > torn.write && goes_by(event))
}

/// The same of a number that a sleeper waits for, and of a futex's word that is, after that, what its sleeper expects. Of a
/// lock, silent if what the sleeper waits for is so, if it guards more than one value, and if the one only looks again before it
/// falls asleep.
pub(super) fn of_sleeper(case: Case<'_>) -> Option<Remark> {
    (0..case.log.threads.len()).find_map(|thread| {
        if let Some((_, sleep, expected)) = last_futex_sleep_of(case, thread) {
            let mut torn = torn_atomics(case).filter(|torn| {
                torn.dependence == Dependence::Data
                    && Some(torn.object) == sleep.object
                    && case.event(torn.write).writes() == Some(expected)
            });
            let torn = torn.find(|torn| case.log.object(torn.object).newest == expected)?;
            return Some(remark(case, &torn, false));
        }
        let (_, sleep) = last_sleep_of(case, thread)?;
        let waits_for = sleep.unlocks().filter(|_| !case.log.untold.contains(&thread));
        let torn = torn_locks(case).find(|torn| {
            let of_value = Some(torn.object) == waits_for
                && has_changed(case, torn.between)
                && is_one_value(case, torn.write)
                && (is_split(case, torn) || torn.dependence == Dependence::Data);
            // It says under another lock that it is there, and goes to sleep.
            let sits_down = Some(torn.object) != sleep.unlocks()
                && case.event(torn.write).thread == thread
                && is_split(case, torn);
            of_value || sits_down
        })?;
        Some(remark(case, &torn, true))
    })
}

/// Whether the lock that is taken in that event guards one number or the like, and is not given back by falling asleep.
fn is_one_value(case: Case<'_>, locked: usize) -> bool {
    given_back(case, locked)
        .is_some_and(|event| !event.sleeps() && matches!(event.data, Some(Data::Shown { .. })))
}

/// Says what is torn: an atomic, or the data behind a lock.
pub(super) fn remark(case: Case<'_>, torn: &Torn, is_lock: bool) -> Remark {
    let (t, u) =
        (case.thread(case.event(torn.read).thread), case.thread(case.event(torn.between).thread));
    let o = case.object(torn.object);
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
    } else {
        // What it read may have been an old value already.
        let [mistake, reads, stores, in_one_step] = match torn.dependence {
            Dependence::Data => [
                "lost update",
                "reads",
                "stores what it made of the old value",
                "Use one read-modify-write (fetch_add, compare_exchange, …), or one lock around both",
            ],
            Dependence::Control => [
                "check-then-act",
                "looks at",
                "acts on what it saw",
                "Look and act in one step (compare_exchange, swap, …), or hold one lock around both",
            ],
        };
        let story = if torn.between < torn.read {
            format!(
                "{t} {reads} {o} as it was ({read}) before {u} wrote it ({between}), and {stores} ({write})"
            )
        } else {
            format!(
                "{t} {reads} {o} ({read}), {u} writes it ({between}), and {t} {stores} ({write})"
            )
        };
        let mark = match torn.dependence {
            Dependence::Data => format!("overwrites what {u} wrote"),
            Dependence::Control => "goes by an old value".to_owned(),
        };
        (format!("{mistake}: {story}. {in_one_step}."), mark)
    };
    Remark::new(text).mark(torn.write, mark)
}

/// Changes under a lock that go by what was seen the last time that the thread held it.
fn torn_locks<'a>(case: Case<'a>) -> impl Iterator<Item = Torn> + 'a {
    let locks = case.log.events.iter().enumerate();
    let changes = locks.filter_map(|(write, event)| Some((write, event, event.locks()?)));
    changes.filter_map(move |(write, event, lock)| {
        let is_lock = |event: &Event| event.locks() == Some(lock);
        let mut own = case.log.events_before(event.thread, write);
        let (read, look) = own.rfind(|(_, event)| is_lock(event))?;
        let own = &case.log.events[read..write];
        if own.iter().any(|e| e.thread == event.thread && e.sleeps()) {
            return None;
        }
        let between = (read + 1..write).rfind(|&number| {
            let other = case.event(number);
            let changes = |place: Place| Some(place) == event.place || case.code.changes(place);
            other.thread != event.thread
                && is_lock(other)
                && (other.place.is_some_and(changes) || has_changed(case, number))
        })?;
        let dependence = case.code.dependence(look.place?, event.place?)?;
        Some(Torn { object: lock, read, between, write, dependence })
    })
}

/// Whether a thread was interrupted between the look and the change, and nowhere else in between, and changes without a
/// second look. In the simplest interleaving that fails this is what it fails by, whatever the panic speaks of.
fn is_split(case: Case<'_>, torn: &Torn) -> bool {
    let is_blind = torn.dependence == Dependence::Control
        && has_changed(case, torn.write)
        && has_changed(case, torn.between)
        && case.event(torn.write).place.is_some_and(|place| !case.code.decides(place));
    let thread = case.event(torn.read).thread;
    let mut own = case.log.events_before(thread, torn.write).filter(|(n, _)| *n > torn.read);
    let only_unlocks = own.next().is_some_and(|(_, event)| event.unlocks() == Some(torn.object));
    is_blind && only_unlocks && own.next().is_none()
}
