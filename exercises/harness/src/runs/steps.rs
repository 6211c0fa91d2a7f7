//! The steps of an interleaving: what a thread does while no other thread can come in between, as far as the model is
//! concerned.

use super::tables::{Op, Tables};
use harness_report::reading::{PANICS, Reading, Row, describe, without_rows};
use harness_report::record::channel::What;
use harness_report::record::{Effect, Event, Sight, ThreadId};
use std::ops::Range;
use std::sync::atomic::Ordering::SeqCst;

/// Events of one thread that follow each other and stand in one row.
#[derive(Debug)]
pub(super) struct Step<'a> {
    pub(super) thread: ThreadId,
    pub(super) events: Range<usize>,
    /// Whether it belongs to the step before: the model lets no other thread come between.
    together: bool,
    /// The threads that could go on before it.
    able: &'a [ThreadId],
    /// What can be read of the atomics after it, if that is known.
    pub(super) atomics: Option<&'a [Sight]>,
}

/// The steps of an interleaving up to the event `end`. Those without an event are left out.
pub(super) fn steps(reading: &Reading, end: usize) -> Vec<Step<'_>> {
    let log = &reading.log;
    let mut all: Vec<Step<'_>> = Vec::new();
    for (number, step) in log.steps.iter().enumerate() {
        let next = log.steps.get(number + 1).map_or(log.events.len(), |next| next.at);
        let (from, to) = (step.at.min(end), next.min(end));
        let first = all.len();
        for number in from..to {
            let event = &log.events[number];
            let last = all[first..].last_mut().filter(|last| last.thread == event.thread);
            let is_access = matches!(event.effect, Effect::Read | Effect::Write);
            let together = last.is_some() || is_access && number > 0;
            match last {
                Some(last) if shares_row(&log.events[number - 1], event) => {
                    last.events.end = number + 1;
                }
                _ => all.push(Step {
                    thread: event.thread,
                    events: number..number + 1,
                    together,
                    able: &step.able,
                    atomics: None,
                }),
            }
        }
        // The first row is the operation. What a step changed that has no row shows with the one before.
        let shows = if first < all.len() { all.get_mut(first) } else { all.last_mut() };
        if let Some(shows) = shows {
            shows.atomics = Some(&step.atomics);
        }
    }
    all
}

/// Whether two events that come right after each other stand in one row, as in a dry run.
fn shares_row(last: &Event, next: &Event) -> bool {
    match (&last.effect, &next.effect) {
        (Effect::Panics(_), _) => false,
        (Effect::Lock(_) | Effect::TryLock { ok: true, .. }, Effect::Unlock(_)) => {
            last.object == next.object
        }
        (Effect::Spawn(_), Effect::Spawn(_))
        | (Effect::Wakes { .. }, Effect::Lock(_))
        | (_, Effect::Returns) => true,
        _ => false,
    }
}

impl Step<'_> {
    /// The step as something that several interleavings may have. `is_first`: of its thread.
    pub(super) fn op(&self, reading: &Reading, tables: &mut Tables, is_first: bool) -> Op {
        let log = &reading.log;
        let (mut text, mut notes) = (String::new(), Vec::new());
        let mut before: Option<&Event> = None;
        let mut touches = Vec::new();
        for number in self.events.clone() {
            let event = &log.events[number];
            let said = describe(log, &reading.names, event, number);
            let (said, note) = divide(event, &without_rows(&said));
            notes.extend(note);
            match before {
                None => text = said,
                Some(before) => {
                    let object = event.object.filter(|_| event.object == before.object);
                    let object = object.map(|id| format!("{}.", reading.names.of(id)));
                    match object.and_then(|object| Some(said.strip_prefix(&object)?.to_owned())) {
                        Some(same) => text += &format!(", {same}"),
                        None => text += &format!("; {said}"),
                    }
                }
            }
            before = Some(event);
            touch(reading, tables, event, &mut touches);
        }
        if is_first {
            touches.push((tables.object_of_thread(reading, self.thread), false));
        }
        // A write is a read too.
        touches.sort_unstable_by_key(|&(object, writes)| (object, !writes));
        touches.dedup_by_key(|(object, _)| *object);
        let events = &log.events[self.events.clone()];
        let place = events.iter().find_map(|event| event.place);
        Op {
            thread: tables.thread(reading, self.thread),
            text,
            note: (!notes.is_empty()).then(|| notes.join("; ")),
            at: place.and_then(|place| tables.line(&reading.sources, place)),
            object: events
                .iter()
                .find_map(|event| event.object)
                .map(|id| tables.object(reading, id)),
            touches,
            together: self.together,
        }
    }

    /// Whether it is the last of its thread.
    pub(super) fn ends(&self, reading: &Reading) -> bool {
        let last = &reading.log.events[self.events.end - 1].effect;
        matches!(last, Effect::Returns | Effect::Panics(_))
    }

    /// The threads of which any could have taken the next step instead.
    pub(super) fn able(&self) -> Vec<ThreadId> {
        if self.together { vec![self.thread] } else { self.able.to_vec() }
    }

    /// Whether it lets others run.
    pub(super) fn yields(&self, reading: &Reading) -> bool {
        reading.log.events[self.events.end - 1].effect == Effect::Yield
    }
}

/// The step of an operation that was begun and never took effect.
pub(super) fn pending(reading: &Reading, tables: &mut Tables, row: &Row) -> Op {
    let object = row.object.map(|id| tables.object(reading, id));
    Op {
        thread: tables.thread(reading, row.thread),
        text: without_rows(&row.text),
        note: None,
        at: row.place.and_then(|place| tables.line(&reading.sources, place)),
        object,
        touches: object.map(|object| (object, !row.text.ends_with(".read"))).into_iter().collect(),
        together: false,
    }
}

/// What an event says, and what came of it.
fn divide(event: &Event, said: &str) -> (String, Option<String>) {
    if said.starts_with(PANICS) {
        return (said.to_owned(), None);
    }
    let ends = [(": ", 2), (" = ", 1)];
    let found = ends.iter().filter_map(|&(mark, skip)| Some((said.find(mark)?, skip)));
    let Some((at, skip)) = found.min() else {
        return (said.to_owned(), None);
    };
    let mut note = said[at + skip..].to_owned();
    if event.is_stale() {
        note += ", which is not the newest";
    }
    (said[..at].to_owned(), Some(note))
}

/// The objects that an event depends on, and whether it changes them.
fn touch(reading: &Reading, tables: &mut Tables, event: &Event, all: &mut Vec<(usize, bool)>) {
    let writes = !matches!(
        &event.effect,
        Effect::Load { .. }
            | Effect::LockWaits { .. }
            | Effect::Now(_)
            | Effect::TooLate(_)
            | Effect::Read
            | Effect::Count { name: "clone" | "new", .. }
            | Effect::WeakCount { name: "downgrade" | "clone", .. }
    );
    for id in event.object.into_iter().chain(event.unlocks()) {
        all.push((tables.object(reading, id), writes));
    }
    match &event.effect {
        Effect::Fence(SeqCst) => all.push((tables.order(), true)),
        _ if event.order() == Some(SeqCst) => all.push((tables.order(), false)),
        _ => {}
    }
    let mut threads: Vec<ThreadId> = Vec::new();
    match &event.effect {
        Effect::Spawn(thread) | Effect::Join(thread) | Effect::Unpark(thread) => {
            threads.push(*thread);
        }
        Effect::Returns | Effect::Panics(_) | Effect::ParkReturns | Effect::Wakes { .. } => {
            threads.push(event.thread);
        }
        Effect::Sleeps { .. } => threads.push(event.thread),
        Effect::JoinWaits(thread) => {
            all.push((tables.object_of_thread(reading, *thread), false));
        }
        Effect::Notify { woken, .. } | Effect::Advance { woken, .. } => threads.extend(woken),
        Effect::Channel(traffic) => match &traffic.what {
            What::Sends { to: Some(woken), .. } | What::Receives { woken: Some(woken), .. } => {
                threads.push(*woken);
            }
            What::Dropped { woken, .. } => threads.extend(woken),
            What::Sleeps { .. }
            | What::IsSent { .. }
            | What::HasReceived { .. }
            | What::Fails { slept: true, .. } => threads.push(event.thread),
            _ => {}
        },
        _ => {}
    }
    for thread in threads {
        all.push((tables.object_of_thread(reading, thread), true));
    }
}
