//! The memory model of C++20 as its axioms: what small programs of atomics and fences may do.
//!
//! An execution says of each read which write it reads from, and of each variable in which order its writes stand. All
//! are made, and those are kept that the axioms allow ([intro.races] and [atomics.order] of the standard). There is
//! no machine here, and no order in which anything runs.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::{self, *};

pub const VARIABLES: usize = 2;

#[derive(Clone, Copy, Debug)]
pub enum Operation {
    Load(usize, Ordering),
    Store(usize, u64, Ordering),
    Add(usize, Ordering),
    /// From 0 to another value, with the orderings of success and failure.
    Exchange(usize, u64, Ordering, Ordering),
    Fence(Ordering),
}

/// The operations of each thread.
pub type Program = Vec<Vec<Operation>>;

/// What each operation returned, and the values in the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outcome {
    pub answers: Vec<Vec<u64>>,
    pub finally: [u64; VARIABLES],
}

/// Why a machine that runs one operation after another may miss an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// It need not.
    Nothing,
    /// In every execution that leads to it, program order, reads-from and the order S together have a cycle.
    Cycle,
}

/// Pairs of events.
#[derive(Clone, Copy)]
struct Relation([u32; 16]);

impl Relation {
    const EMPTY: Self = Self([0; 16]);

    fn of(n: usize, holds: impl Fn(usize, usize) -> bool) -> Self {
        let mut this = Self::EMPTY;
        for a in 0..n {
            for b in (0..n).filter(|&b| a != b && holds(a, b)) {
                this.0[a] |= 1 << b;
            }
        }
        this
    }

    fn has(&self, a: usize, b: usize) -> bool {
        self.0[a] >> b & 1 == 1
    }

    fn or(mut self, other: &Self) -> Self {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine |= theirs;
        }
        self
    }

    /// The transitive closure.
    fn closed(mut self) -> Self {
        for via in 0..16 {
            for a in 0..16 {
                if self.has(a, via) {
                    self.0[a] |= self.0[via];
                }
            }
        }
        self
    }

    fn is_acyclic(self) -> bool {
        let closed = self.closed();
        (0..16).all(|a| !closed.has(a, a))
    }
}

/// An event. The first ones are the initial values.
#[derive(Clone, Copy)]
struct Event {
    thread: Option<usize>,
    operation: Operation,
}

impl Event {
    fn variable(&self) -> Option<usize> {
        match self.operation {
            Load(at, _) | Store(at, ..) | Add(at, _) | Exchange(at, ..) => Some(at),
            Fence(_) => None,
        }
    }

    fn may_read(&self) -> bool {
        matches!(self.operation, Load(..) | Add(..) | Exchange(..))
    }

    fn may_write(&self) -> bool {
        matches!(self.operation, Store(..) | Add(..) | Exchange(..))
    }
}

use Operation::{Add, Exchange, Fence, Load, Store};

/// The outcomes that the axioms allow. Without those where program order and reads-from have a cycle: load buffering.
pub fn outcomes(program: &Program) -> BTreeMap<Outcome, Needs> {
    let initial = (0..VARIABLES).map(|at| Event { thread: None, operation: Store(at, 0, Relaxed) });
    let of_threads = program.iter().enumerate().flat_map(|(thread, operations)| {
        operations.iter().map(move |&operation| Event { thread: Some(thread), operation })
    });
    let events: Vec<Event> = initial.chain(of_threads).collect();
    let mut found = BTreeMap::new();
    choose_reads(&events, &mut vec![None; events.len()], 0, &mut found);
    found
}

/// Gives each event from `event` on a write to read from.
fn choose_reads(
    events: &[Event],
    from: &mut Vec<Option<usize>>,
    event: usize,
    found: &mut BTreeMap<Outcome, Needs>,
) {
    if event == events.len() {
        if let Some(execution) = Execution::new(events, from) {
            execution.choose_orders(found);
        }
        return;
    }
    if !events[event].may_read() {
        return choose_reads(events, from, event + 1, found);
    }
    for write in 0..events.len() {
        let fits = events[write].may_write()
            && events[write].variable() == events[event].variable()
            && write != event;
        if fits {
            from[event] = Some(write);
            choose_reads(events, from, event + 1, found);
        }
    }
    from[event] = None;
}

struct Execution<'a> {
    events: &'a [Event],
    from: &'a [Option<usize>],
    /// What each event read.
    read: Vec<u64>,
    /// What each event wrote.
    wrote: Vec<Option<u64>>,
    program_order: Relation,
}

impl<'a> Execution<'a> {
    /// `None` if nothing runs that way: reads go round in a circle, or from an exchange that failed.
    fn new(events: &'a [Event], from: &'a [Option<usize>]) -> Option<Self> {
        let n = events.len();
        let program_order = Relation::of(n, |a, b| {
            a < b && (events[a].thread.is_none() || events[a].thread == events[b].thread)
        });
        let reads_from = Relation::of(n, |a, b| from[b] == Some(a));
        let runs = program_order.or(&reads_from).closed();
        if !runs.is_acyclic() {
            return None;
        }
        let mut this = Self { events, from, read: vec![0; n], wrote: vec![None; n], program_order };
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|&b| (0..n).filter(|&a| runs.has(a, b)).count());
        for event in order {
            let read = match from[event] {
                Some(write) => this.wrote[write]?,
                None => 0,
            };
            this.read[event] = read;
            this.wrote[event] = match events[event].operation {
                Store(_, value, _) => Some(value),
                Add(..) => Some(read + 1),
                Exchange(_, value, ..) if read == 0 => Some(value),
                _ => None,
            };
        }
        Some(this)
    }

    /// The ordering of an event, as it turned out.
    fn order(&self, event: usize) -> Ordering {
        match self.events[event].operation {
            Load(_, order) | Store(_, _, order) | Add(_, order) | Fence(order) => order,
            Exchange(_, _, success, failure) => {
                if self.wrote[event].is_some() {
                    success
                } else {
                    failure
                }
            }
        }
    }

    fn releases(&self, event: usize) -> bool {
        matches!(self.order(event), Release | AcqRel | SeqCst)
    }

    fn acquires(&self, event: usize) -> bool {
        matches!(self.order(event), Acquire | AcqRel | SeqCst)
    }

    fn is_fence(&self, event: usize) -> bool {
        self.events[event].variable().is_none()
    }

    /// Puts the writes of each variable in every order.
    fn choose_orders(&self, found: &mut BTreeMap<Outcome, Needs>) {
        let orders: Vec<Vec<Vec<usize>>> = (0..VARIABLES)
            .map(|at| {
                let written = |&event: &usize| {
                    self.events[event].variable() == Some(at) && self.wrote[event].is_some()
                };
                let writes: Vec<usize> = (0..self.events.len()).filter(written).collect();
                permutations(&writes[1..])
                    .into_iter()
                    .map(|rest| [&writes[..1], &rest].concat())
                    .filter(|order| self.is_atomic(order))
                    .collect()
            })
            .collect();
        for first in &orders[0] {
            for second in &orders[1] {
                if let Some(needs) = self.judge(&[first, second]) {
                    let outcome = self.outcome([first, second].map(|order| order.last().copied()));
                    let known = found.entry(outcome).or_insert(needs);
                    *known = needs.min(*known);
                }
            }
        }
    }

    /// A read-modify-write stands right behind what it read.
    fn is_atomic(&self, order: &[usize]) -> bool {
        order.windows(2).all(|pair| {
            let reads = self.from[pair[1]];
            reads.is_none() || reads == Some(pair[0])
        })
    }

    fn outcome(&self, last: [Option<usize>; VARIABLES]) -> Outcome {
        let threads = self.events.iter().filter_map(|event| event.thread).max();
        let mut answers = vec![Vec::new(); threads.map_or(0, |last| last + 1)];
        for (event, &read) in self.events.iter().zip(&self.read) {
            if let Some(thread) = event.thread {
                answers[thread].push(read);
            }
        }
        let finally = last.map(|write| self.wrote[write.unwrap()].unwrap());
        Outcome { answers, finally }
    }

    /// `None` if the axioms forbid it.
    fn judge(&self, orders: &[&Vec<usize>]) -> Option<Needs> {
        let n = self.events.len();
        let place = |event: usize| {
            let mut places =
                orders.iter().filter_map(|order| order.iter().position(|&e| e == event));
            places.next()
        };
        let same = |a: usize, b: usize| {
            self.events[a].variable().is_some()
                && self.events[a].variable() == self.events[b].variable()
        };
        let reads_from = Relation::of(n, |a, b| self.from[b] == Some(a));
        let modified = Relation::of(n, |a, b| {
            same(a, b) && place(a).zip(place(b)).is_some_and(|(a, b)| a < b)
        });
        let reads_before =
            Relation::of(n, |a, b| self.from[a].is_some_and(|from| modified.has(from, b)));
        let coherence = reads_from.or(&modified).or(&reads_before).closed();

        let sequenced = &self.program_order;
        let synchronizes = self.synchronizes_with(&reads_from);
        let happens = sequenced.or(&synchronizes).closed();
        let incoherent = (0..n)
            .any(|a| (0..n).any(|b| happens.has(a, b) && coherence.has(b, a)) || happens.has(a, a));
        if incoherent || !coherence.is_acyclic() {
            return None;
        }

        // The total order S.
        let ordered =
            |event: usize| self.events[event].thread.is_some() && self.order(event) == SeqCst;
        let strongly = self.strongly_happens_before(&synchronizes, &happens, ordered);
        let in_order = Relation::of(n, |x, y| {
            let from = |a: usize| a == x || self.is_fence(x) && happens.has(x, a);
            let to = |b: usize| b == y || self.is_fence(y) && happens.has(b, y);
            ordered(x)
                && ordered(y)
                && (strongly.has(x, y)
                    || (0..n).any(|a| from(a) && (0..n).any(|b| to(b) && coherence.has(a, b))))
        });
        if !in_order.is_acyclic() {
            return None;
        }
        let runs = sequenced.or(&reads_from).or(&in_order);
        Some(if runs.is_acyclic() { Needs::Nothing } else { Needs::Cycle })
    }

    fn synchronizes_with(&self, reads_from: &Relation) -> Relation {
        let n = self.events.len();
        // From each write to what reads it, or a read-modify-write of its release sequence.
        let is_update = |event: usize| self.from[event].is_some() && self.wrote[event].is_some();
        let updates = Relation::of(n, |a, b| reads_from.has(a, b) && is_update(b)).closed();
        let heard = Relation::of(n, |write, read| {
            (0..n).any(|last| {
                (last == write || updates.has(write, last)) && reads_from.has(last, read)
            })
        });
        let fenced = |fence: usize, event: usize| {
            self.is_fence(fence)
                && self.events[event].thread == self.events[fence].thread
                && event != fence
        };
        Relation::of(n, |from, to| {
            let heads = |write: usize| {
                self.releases(from)
                    && (write == from && self.wrote[from].is_some()
                        || fenced(from, write) && from < write)
            };
            let tails =
                |read: usize| self.acquires(to) && (read == to || fenced(to, read) && read < to);
            (0..n).any(|write| {
                heads(write) && (0..n).any(|read| heard.has(write, read) && tails(read))
            })
        })
    }

    fn strongly_happens_before(
        &self,
        synchronizes: &Relation,
        happens: &Relation,
        ordered: impl Fn(usize) -> bool,
    ) -> Relation {
        let n = self.events.len();
        let sequenced = &self.program_order;
        let both = Relation::of(n, |a, b| synchronizes.has(a, b) && ordered(a) && ordered(b));
        let between = Relation::of(n, |a, d| {
            (0..n).any(|b| {
                sequenced.has(a, b) && (0..n).any(|c| happens.has(b, c) && sequenced.has(c, d))
            })
        });
        sequenced.or(&both).or(&between).closed()
    }
}

fn permutations(items: &[usize]) -> Vec<Vec<usize>> {
    let Some((first, rest)) = items.split_first() else {
        return vec![Vec::new()];
    };
    let mut all = Vec::new();
    for shorter in permutations(rest) {
        for at in 0..=shorter.len() {
            let mut longer = shorter.clone();
            longer.insert(at, *first);
            all.push(longer);
        }
    }
    all
}
