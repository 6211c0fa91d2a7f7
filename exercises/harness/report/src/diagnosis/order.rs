//! What happens before what in an interleaving, and which stronger ordering would make it so.
//!
//! A vector clock for each thread, run over the record by the rules of the C++20 memory model. So "ordered, if this
//! store were Release" can be trusted, and it is what the diagnoses rest on.

use crate::record::channel::{Side, Traffic, What, Why};
use crate::record::{Effect, Event, Log, MAX_THREADS, ObjectId, Source, ThreadId};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::Ordering::{self, *};

/// For each thread, how many events of the record up to its last one that happens before.
type Clock = [usize; MAX_THREADS];

/// Atomic operations taken to be stronger than they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stronger {
    /// This write releases.
    pub(super) release: Option<usize>,
    /// This read acquires.
    pub(super) acquire: Option<usize>,
}

impl Stronger {
    /// The same, of a read that is like the one that acquires.
    pub(super) fn at(self, read: usize) -> Self {
        Self { acquire: self.acquire.map(|_| read), ..self }
    }
}

/// The later of two accesses.
#[derive(Clone, Copy, Debug)]
pub(super) enum Later {
    Event(usize),
    /// What the thread would have done next.
    Next(ThreadId),
}

/// The order of an interleaving's events.
#[derive(Debug)]
pub(super) struct Order {
    /// After each event, that of its thread.
    clocks: Vec<Clock>,
    /// At the end.
    threads: [Clock; MAX_THREADS],
}

#[derive(Debug, Default)]
struct Run {
    threads: [Clock; MAX_THREADS],
    /// What an acquire fence of the thread would learn.
    unfenced: [Clock; MAX_THREADS],
    /// What the thread's last release fence said.
    fenced: [Clock; MAX_THREADS],
    wake_ups: [Clock; MAX_THREADS],
    tokens: [Clock; MAX_THREADS],
    locks: HashMap<usize, Clock>,
    /// What an acquiring read of a write learns.
    releases: HashMap<usize, Clock>,
    channels: HashMap<usize, Channel>,
}

/// What passes through a channel.
#[derive(Debug, Default)]
struct Channel {
    /// From the sends of the values in the buffer.
    sent: VecDeque<Clock>,
    /// From the drops of the handles of a side.
    gone: HashMap<Side, Clock>,
}

impl Order {
    pub(super) fn new(log: &Log, stronger: Stronger) -> Self {
        let mut run = Run::default();
        let mut order =
            Self { clocks: Vec::with_capacity(log.events.len()), threads: Default::default() };
        for (number, event) in log.events.iter().enumerate() {
            run.threads[event.thread][event.thread] = number + 1;
            if event.order().is_some() {
                let release = stronger.release == Some(number);
                let acquire = stronger.acquire == Some(number);
                run.atomic(number, event, release, acquire);
            } else {
                run.other(event);
            }
            order.clocks.push(run.threads[event.thread]);
        }
        order.threads = run.threads;
        order
    }

    /// Whether an event happens before a later access.
    pub(super) fn is_before(&self, log: &Log, first: usize, later: Later) -> bool {
        let clock = match later {
            Later::Event(event) => &self.clocks[event],
            Later::Next(thread) => &self.threads[thread],
        };
        clock[log.events[first].thread] > first
    }

    /// Whether the thread of a read of an atomic knows of a newer value than the one that it found, so that it cannot have found
    /// that: the newer one was written, or read, before.
    fn hides(&self, log: &Log, read: usize) -> bool {
        let object = log.events[read].object;
        let oldest = log.events[read].source.map_or(0, Source::since);
        let newer = |source| matches!(source, Some(Source::Event(write)) if write >= oldest);
        log.events[..read].iter().enumerate().any(|(number, event)| {
            let is_news = event.writes().is_some() && number >= oldest || newer(event.source);
            event.object == object && is_news && self.is_before(log, number, Later::Event(read))
        })
    }
}

impl Run {
    /// An operation on an atomic.
    fn atomic(&mut self, number: usize, event: &Event, release: bool, acquire: bool) {
        let (me, Some(order)) = (event.thread, event.order()) else {
            return;
        };
        let continued = match event.source {
            Some(Source::Event(write)) => self.releases.get(&write).copied().unwrap_or_default(),
            _ => Clock::default(),
        };
        join(&mut self.unfenced[me], &continued);
        if event.reads().is_some() && (acquire || matches!(order, Acquire | AcqRel | SeqCst)) {
            join(&mut self.threads[me], &continued);
        }
        if event.writes().is_some() {
            let mut said = self.fenced[me];
            if release || matches!(order, Release | AcqRel | SeqCst) {
                said = self.threads[me];
            }
            // A read-modify-write continues the release sequence of what it replaces; a store ends it.
            join(&mut said, &continued);
            self.releases.insert(number, said);
        }
    }

    /// Everything else.
    fn other(&mut self, event: &Event) {
        let me = event.thread;
        let now = self.threads[me];
        if let Some(lock) = event.locks() {
            let said = *self.lock(lock);
            join(&mut self.threads[me], &said);
        }
        if let Some(lock) = event.unlocks() {
            join(self.lock(lock), &now);
        }
        match &event.effect {
            Effect::Spawn(thread) => join(&mut self.threads[*thread], &now),
            Effect::Join(thread) => {
                let end = self.threads[*thread];
                join(&mut self.threads[me], &end);
            }
            Effect::Unpark(thread) => join(&mut self.tokens[*thread], &now),
            Effect::ParkReturns | Effect::Wakes { name: "park" | "park_until", .. } => {
                let token = self.tokens[me];
                join(&mut self.threads[me], &token);
            }
            Effect::Notify { woken, .. } => {
                for &thread in woken {
                    join(&mut self.wake_ups[thread], &now);
                }
            }
            Effect::Wakes { .. } => {
                let wake_up = self.wake_ups[me];
                join(&mut self.threads[me], &wake_up);
            }
            Effect::Fence(order) => {
                if matches!(order, Acquire | AcqRel | SeqCst) {
                    let unfenced = self.unfenced[me];
                    join(&mut self.threads[me], &unfenced);
                }
                if matches!(order, Release | AcqRel | SeqCst) {
                    self.fenced[me] = self.threads[me];
                }
            }
            Effect::Channel(traffic) => self.channel(event, traffic),
            _ => {}
        }
    }

    /// A send happens before its receive, and a side's last drop before those who find that.
    fn channel(&mut self, event: &Event, traffic: &Traffic) {
        let (me, Some(id)) = (event.thread, event.object) else {
            return;
        };
        let now = self.threads[me];
        let channel = self.channels.entry(id.index()).or_default();
        let is_met = traffic.buffer.capacity == Some(0);
        match &traffic.what {
            What::Sends { to: None, .. } => channel.sent.push_back(now),
            What::Sends { to: Some(to), .. } => {
                let to = &mut self.threads[*to];
                if is_met {
                    let before = *to;
                    join(to, &now);
                    join(&mut self.threads[me], &before);
                } else {
                    join(to, &now);
                }
            }
            What::Receives { woken, .. } => {
                channel.sent.extend(woken.map(|woken| self.threads[woken]));
                if let Some(sent) = channel.sent.pop_front() {
                    join(&mut self.threads[me], &sent);
                }
                let now = self.threads[me];
                if let Some(woken) = woken {
                    join(&mut self.threads[*woken], &now);
                }
            }
            What::Dropped { side, woken, .. } => {
                let gone = channel.gone.entry(*side).or_default();
                join(gone, &now);
                let gone = *gone;
                for &woken in woken {
                    join(&mut self.threads[woken], &gone);
                }
            }
            What::Fails { sends, why: Why::Disconnected, .. } => {
                let other = match sends {
                    Some(_) => Side::Receiver,
                    None => Side::Sender,
                };
                if let Some(gone) = channel.gone.get(&other) {
                    join(&mut self.threads[me], gone);
                }
            }
            _ => {}
        }
    }

    fn lock(&mut self, id: ObjectId) -> &mut Clock {
        self.locks.entry(id.index()).or_default()
    }
}

fn join(into: &mut Clock, other: &Clock) {
    for (mine, theirs) in into.iter_mut().zip(other) {
        *mine = (*mine).max(*theirs);
    }
}

/// A pair of accesses to an atomic, by which one thread could have told the other, and what it lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) write: usize,
    pub(super) read: usize,
    pub(super) stronger: Stronger,
}

impl Missing {
    /// Whether one of the two is strong enough.
    pub(super) fn has_one_end(&self) -> bool {
        self.stronger.release.is_none() || self.stronger.acquire.is_none()
    }
}

/// Interleavings longer than this are not searched for missing orderings.
const SHORT_ENOUGH: usize = 400;

/// The one pair of atomic operations whose orderings, were they stronger, would put `first` before `later`. `None`
/// if it is before already, if there is no such pair, or if there are several.
pub(super) fn missing(log: &Log, first: usize, later: Later) -> Option<Missing> {
    // A write that does not know of `first` says nothing of it.
    let knows = |is: &Order, write| is.is_before(log, first, Later::Event(write));
    search(log, knows, |order| order.is_before(log, first, later))
}

/// The one pair of atomic operations whose orderings, were they stronger, would hide from `read` the value that it found: its
/// thread would know of a newer one. `None` if there is no such pair, or if there are several.
pub(super) fn missing_news(log: &Log, read: usize) -> Option<Missing> {
    search(log, |_, _| true, |order| order.hides(log, read))
}

/// The one pair whose orderings, were they stronger, would do. `None` if it does as it is, if there is no such pair, or if there
/// are several. Only writes that `may_tell` are looked at.
fn search(
    log: &Log,
    may_tell: impl Fn(&Order, usize) -> bool,
    would_do: impl Fn(&Order) -> bool,
) -> Option<Missing> {
    if log.events.len() > SHORT_ENOUGH {
        return None;
    }
    let is = Order::new(log, Stronger::default());
    if would_do(&is) {
        return None;
    }
    // Of a release sequence, the write read from comes first.
    let pairs: Vec<(usize, usize)> = (0..log.events.len())
        .flat_map(|read| heads(log, read).into_iter().map(move |write| (write, read)))
        .filter(|&(write, read)| log.events[write].thread != log.events[read].thread)
        .filter(|&(write, _)| may_tell(&is, write))
        .collect();
    // One end first: where that is enough, the other has what it needs.
    let attempts = [
        |write, read| [(Some(write), None), (None, Some(read))],
        |write, read| [(Some(write), Some(read)); 2],
    ];
    for ends in attempts {
        let mut found: Vec<Missing> = Vec::new();
        for &(write, read) in &pairs {
            for (release, acquire) in ends(write, read) {
                let missing = Missing { write, read, stronger: Stronger { release, acquire } };
                if !would_do(&Order::new(log, missing.stronger)) {
                    continue;
                }
                match found.iter_mut().find(|other| is_same_mistake(log, other, &missing)) {
                    // What is read last is what the thread goes by.
                    Some(other) if other.read != read => *other = missing,
                    Some(_) => {}
                    None => found.push(missing),
                }
            }
        }
        match found.as_slice() {
            [] => {}
            [only] => return Some(*only),
            _ => return None,
        }
    }
    None
}

/// The writes whose release a read would acquire: the one that it read from, and, as long as that is a
/// read-modify-write, the one before it.
fn heads(log: &Log, read: usize) -> Vec<usize> {
    let mut heads = Vec::new();
    let mut at = read;
    while let Some(Source::Event(write)) = log.events[at].source {
        heads.push(write);
        at = write;
    }
    heads
}

/// Whether both would be mended at the same places of the source, be it that several atomics are used there. Where a thread
/// acquires, any of its reads of the atomic is the same place: a look, and the exchange that follows it.
fn is_same_mistake(log: &Log, a: &Missing, b: &Missing) -> bool {
    let [event, other] = [a, b].map(|missing| &log.events[missing.read]);
    let release = |missing: &Missing| missing.stronger.release.map(|event| log.events[event].place);
    let is_same_reader = match (a.stronger.acquire, b.stronger.acquire) {
        (Some(_), Some(_)) => event.place == other.place || event.thread == other.thread,
        (a, b) => a == b,
    };
    (event.object == other.object || event.place == other.place)
        && release(a) == release(b)
        && is_same_reader
}

/// The ordering that an operation needs to have the other half as well.
pub(super) fn with_half(event: &Event, half: Ordering) -> Ordering {
    match (event.order(), half) {
        (Some(Acquire), Release) | (Some(Release), Acquire) => AcqRel,
        _ => half,
    }
}
