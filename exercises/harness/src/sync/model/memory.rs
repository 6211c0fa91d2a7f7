//! The memory model: which values the atomics of a run have had, in which order, and who may read which.
//!
//! Loom decides which thread goes on, and nothing else. Everything that the memory model of C++20 says of atomics,
//! fences and data races is here, as rules of a machine that takes one step after another:
//!
//! - An atomic is the list of its stores in modification order. A store is appended; where the order may be another
//!   than that of execution, it is put further in front (see [`Memory::places`]).
//! - A thread may read a store unless it knows of a newer one: one that happens before, or that was read by something
//!   that does, or that is older than a `fence(SeqCst)` lets it see. That is coherence.
//! - A release store carries the clock of its thread, a relaxed one that of the thread's last release fence, and a
//!   read-modify-write what the store carried that it replaces: the release sequence. An acquire load takes it in, a
//!   relaxed one lays it up for the next acquire fence.
//! - The order S of sequentially consistent operations is that in which they run. Fences pass on what they may see,
//!   which is less than happens-before: a cell is not protected by that alone.
//!
//! `tests/exactness.rs` compares with the axioms.

mod handles;

pub(super) use handles::{Edge, Found, Location, Plain};

use super::choice::{Coin, Coins};
use super::clock::{Clock, Epoch, Vector};
use super::exploring;
use super::meeting::Meeting;
use super::recorder;
use harness_report::record::{MAX_THREADS, Sight, Source, Stop, ThreadId, Value, WeakExchange};
use std::cell::RefCell;
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};

const NEVER: Epoch = Epoch::MAX;

thread_local! {
    /// All threads of a model are coroutines of one operating-system thread.
    static MEMORY: RefCell<Memory> = RefCell::default();
}

/// The memory of a run.
#[derive(Debug, Default)]
struct Memory {
    threads: Vec<Knowledge>,
    atomics: Vec<Atomic>,
    cells: Vec<Accesses>,
    coins: Coins,
    /// The weak exchanges of each thread so far.
    weak_exchanges: [usize; MAX_THREADS],
    /// The position in S.
    now: Epoch,
    /// What happens before some `fence(SeqCst)`.
    fenced: Vector,
    /// What precedes in S, for `Clock::cause`.
    ordered: Vector,
    /// Where the operations of S meet: for accesses to different atomics their order does not matter, for fences it
    /// does. `None` before the first interleaving.
    order: Option<Meeting>,
    /// See [`Session::newest_only`](recorder::Session).
    newest_only: bool,
}

/// What a thread knows.
#[derive(Clone, Copy, Debug, Default)]
struct Knowledge {
    clock: Clock,
    /// Its clock at its last release fence.
    released: Clock,
    /// What its next acquire fence takes in.
    laid_up: Clock,
    /// When it last yielded; 0 before that.
    yielded: Epoch,
}

#[derive(Debug)]
struct Atomic {
    /// In modification order. The first is the initial value.
    stores: Vec<Store>,
    /// The last access of each thread, for `get_mut`.
    accesses: Vector,
    shown: ShownAs,
}

/// How an atomic appears in the record.
#[derive(Clone, Copy, Debug)]
pub(super) struct ShownAs {
    /// The number of objects that were made before it.
    pub(super) object: usize,
    pub(super) show: fn(u64) -> Value,
}

#[derive(Debug)]
struct Store {
    bits: u64,
    writer: ThreadId,
    written: Epoch,
    /// Where the record has it.
    event: Source,
    /// When each thread first read it.
    read: [Epoch; MAX_THREADS],
    /// When an operation of `SeqCst` first wrote or read it, in S.
    ordered: Epoch,
    /// What a load that acquires takes in.
    carries: Clock,
    cause: Vector,
    /// Whether a read-modify-write made it out of the one before: nothing comes between.
    glued: bool,
    /// The initial value needs none.
    coin: Option<Coin>,
}

impl Store {
    fn new(bits: u64, writer: ThreadId, written: Epoch, event: Source) -> Self {
        Self {
            bits,
            writer,
            written,
            event,
            read: [NEVER; MAX_THREADS],
            ordered: NEVER,
            carries: Clock::default(),
            cause: Vector::default(),
            glued: false,
            coin: None,
        }
    }

    /// Whether an event that wrote or read it is among `events`.
    fn is_known(&self, events: &Vector) -> bool {
        events.has(self.writer, self.written)
            || (0..MAX_THREADS).any(|thread| events.has(thread, self.read[thread]))
    }
}

/// The last accesses of each thread to a cell.
#[derive(Debug, Default)]
struct Accesses {
    reads: Vector,
    writes: Vector,
}

fn acquires(order: Ordering) -> bool {
    matches!(order, Acquire | AcqRel | SeqCst)
}

fn releases(order: Ordering) -> bool {
    matches!(order, Release | AcqRel | SeqCst)
}

impl Memory {
    fn tick(&mut self, me: ThreadId) -> Epoch {
        self.threads[me].clock.tick(me)
    }

    /// An operation of `SeqCst` takes its place in S.
    fn enter_order(&mut self, me: ThreadId) {
        self.now += 1;
        let cause = &mut self.threads[me].clock.cause;
        cause.join(&self.ordered);
        self.ordered.join(cause);
    }

    /// An access by `me`: everything that an operation on an atomic begins with.
    fn access(&mut self, me: ThreadId, at: usize) {
        let now = self.tick(me);
        if !self.may_access(me, at) {
            // Its making, or the last exclusive borrow, does not happen before.
            recorder::stop(Stop::DataRace);
        }
        self.atomics[at].accesses.set(me, now);
    }

    fn may_access(&self, me: ThreadId, at: usize) -> bool {
        let initial = &self.atomics[at].stores[0];
        self.threads[me].clock.before.has(initial.writer, initial.written)
    }

    /// The oldest store that `me` may read.
    fn oldest(&self, me: ThreadId, at: usize, order: Ordering) -> usize {
        if self.newest_only {
            return self.atomics[at].stores.len() - 1;
        }
        let clock = &self.threads[me].clock;
        let ordered = order == SeqCst;
        let known = |store: &Store| {
            store.is_known(&clock.seen)
                || store.ordered < clock.fence
                || ordered && (store.ordered != NEVER || store.is_known(&self.fenced))
        };
        let known = self.atomics[at].stores.iter().rposition(known);
        known.expect("the initial value is known")
    }

    /// What a relaxed load of each thread may return.
    fn sight(&self, atomic: &Atomic) -> Option<Sight> {
        let shown = atomic.shown;
        let seen = self.threads.iter().enumerate().filter_map(|(thread, knowledge)| {
            let clock = &knowledge.clock;
            let known = |store: &Store| store.is_known(&clock.seen) || store.ordered < clock.fence;
            // A thread that does not know the atomic cannot read it.
            let oldest = atomic.stores.iter().rposition(known)?;
            let mut values: Vec<Value> = Vec::new();
            for store in &atomic.stores[oldest..] {
                let value = (shown.show)(store.bits);
                if !values.contains(&value) {
                    values.push(value);
                }
            }
            Some((thread, values))
        });
        let newest = (shown.show)(atomic.stores.last()?.bits);
        Some(Sight { object: shown.object, newest, seen: seen.collect() })
    }

    /// Where a store of `me` may go in modification order: behind which store. At the end; or further in front, if
    /// everything that it goes in front of has had an influence on it. If something has not, the two may as well run
    /// the other way round, and that order is explored too.
    fn places(&self, me: ThreadId, at: usize, order: Ordering) -> Vec<usize> {
        let stores = &self.atomics[at].stores;
        let last = stores.len() - 1;
        let oldest = self.oldest(me, at, order);
        // What stands in front of a store has an influence on it too.
        let mut cause = self.threads[me].clock.cause;
        for store in &stores[..oldest] {
            cause.join(&store.cause);
        }
        let may_go_behind = |&place: &usize| {
            cause.join(&stores[place].cause);
            let mut behind = stores[place + 1..].iter();
            place == last
                || !stores[place + 1].glued
                    && behind.all(|store| cause.has(store.writer, store.written))
        };
        (oldest..=last).filter(may_go_behind).collect()
    }

    /// One of these stores, which ascend. Loom explores all.
    fn choose(&mut self, me: ThreadId, at: usize, candidates: &[usize]) -> usize {
        let (&last, others) = candidates.split_last().expect("there is one");
        for &candidate in others {
            let next = &mut self.atomics[at].stores[candidate + 1];
            let coin = next.coin.as_mut().expect("only the initial value has none");
            if !self.coins.toss(coin, me) {
                return candidate;
            }
        }
        last
    }

    /// A coin for the store that comes. Before any choice of the same operation: where loom finds that it should try
    /// another order, it goes back to the last place where it may, and that must not be a choice.
    fn strike(&mut self, me: ThreadId) -> Coin {
        exploring::within_step(|| self.coins.strike(me))
    }

    /// Reads the store `index`: its value, and where it is in the record.
    fn read(&mut self, me: ThreadId, at: usize, index: usize, order: Ordering) -> (u64, Source) {
        if order == SeqCst {
            self.enter_order(me);
        }
        let knowledge = &mut self.threads[me];
        let store = &mut self.atomics[at].stores[index];
        let now = knowledge.clock.before.of(me);
        store.read[me] = store.read[me].min(now);
        if order == SeqCst {
            store.ordered = store.ordered.min(self.now);
        }
        knowledge.clock.cause.join(&store.cause);
        if acquires(order) {
            knowledge.clock.join(&store.carries);
        } else {
            knowledge.laid_up.join(&store.carries);
        }
        (store.bits, store.event)
    }

    /// Stores behind the store `place`, and replaces that one if `replaces`.
    fn write(
        &mut self,
        me: ThreadId,
        at: usize,
        place: usize,
        (bits, coin): (u64, Coin),
        order: Ordering,
        replaces: bool,
    ) {
        if order == SeqCst && !replaces {
            self.enter_order(me);
        }
        let knowledge = &mut self.threads[me];
        let stores = &mut self.atomics[at].stores;
        for older in &stores[..=place] {
            knowledge.clock.cause.join(&older.cause);
        }
        let event = Source::Event(recorder::next_event());
        let mut store = Store::new(bits, me, knowledge.clock.before.of(me), event);
        store.carries = if releases(order) { knowledge.clock } else { knowledge.released };
        if replaces {
            store.carries.join(&stores[place].carries);
        }
        if order == SeqCst {
            store.ordered = self.now;
        }
        store.cause = knowledge.clock.cause;
        store.glued = replaces;
        store.coin = Some(coin);
        stores.insert(place + 1, store);
    }

    fn newest(&self, at: usize) -> u64 {
        self.atomics[at].stores.last().expect("the initial value is there").bits
    }

    fn load(&mut self, me: ThreadId, at: usize, order: Ordering) -> (u64, Source) {
        self.access(me, at);
        let candidates = self.readable(me, at, order);
        let index = self.choose(me, at, &candidates);
        self.read(me, at, index, order)
    }

    /// What `me` may read. What it has read before its last yield it does not read again if it has been replaced:
    /// a thread that waits for a store sees it at last.
    fn readable(&self, me: ThreadId, at: usize, order: Ordering) -> Vec<usize> {
        let stores = &self.atomics[at].stores;
        let last = stores.len() - 1;
        let yielded = self.threads[me].yielded;
        let oldest = self.oldest(me, at, order);
        let readable = |&index: &usize| index == last || stores[index].read[me] > yielded;
        (oldest..=last).filter(readable).collect()
    }

    fn store(&mut self, me: ThreadId, at: usize, bits: u64, order: Ordering) {
        self.access(me, at);
        let places = self.places(me, at, order);
        let coin = self.strike(me);
        let place = self.choose(me, at, &places);
        self.write(me, at, place, (bits, coin), order, false);
    }

    /// A read-modify-write, which `change` makes of what it finds, or none, if that gives `None`: then it is a load.
    fn update(
        &mut self,
        me: ThreadId,
        at: usize,
        (success, failure): (Ordering, Ordering),
        change: impl Fn(u64) -> Option<u64>,
    ) -> Result<(u64, Source), (u64, Source)> {
        self.access(me, at);
        let candidates = self.updated(me, at, (success, failure), &change);
        let stores = &self.atomics[at].stores;
        let changes = candidates.iter().any(|&index| change(stores[index].bits).is_some());
        let coin = changes.then(|| self.strike(me));
        let index = self.choose(me, at, &candidates);
        match change(self.atomics[at].stores[index].bits) {
            None => Err(self.read(me, at, index, failure)),
            Some(new) => {
                let coin = coin.expect("a store that `change` takes was among the candidates");
                let old = self.read(me, at, index, success);
                self.write(me, at, index, (new, coin), success, true);
                Ok(old)
            }
        }
    }

    /// The stores that an update of `me` may find: those that `change` leaves, as a load, and those that it replaces.
    fn updated(
        &self,
        me: ThreadId,
        at: usize,
        (success, failure): (Ordering, Ordering),
        change: &impl Fn(u64) -> Option<u64>,
    ) -> Vec<usize> {
        let stores = &self.atomics[at].stores;
        let fails = |index: &usize| change(stores[*index].bits).is_none();
        let mut candidates = self.readable(me, at, failure);
        candidates.retain(fails);
        let mut places = self.places(me, at, success);
        places.retain(|place| !fails(place));
        candidates.append(&mut places);
        candidates.sort_unstable();
        candidates
    }

    /// Whether this weak exchange of `me` is one that fails spuriously.
    fn fails_spuriously(&mut self, me: ThreadId) -> bool {
        let this = WeakExchange { thread: me, number: self.weak_exchanges[me] };
        self.weak_exchanges[me] += 1;
        let session = recorder::session();
        session.weak_exchanges.lock().insert(this);
        session.fail.contains(&this)
    }

    /// An exchange that fails though what it reads is what it expects, if it may read that.
    fn fail(
        &mut self,
        me: ThreadId,
        at: usize,
        failure: Ordering,
        change: impl Fn(u64) -> Option<u64>,
    ) -> Option<(u64, Source)> {
        self.access(me, at);
        let mut candidates = self.readable(me, at, failure);
        let stores = &self.atomics[at].stores;
        candidates.retain(|&index| change(stores[index].bits).is_some());
        if candidates.is_empty() {
            return None;
        }
        let index = self.choose(me, at, &candidates);
        Some(self.read(me, at, index, failure))
    }

    fn fence(&mut self, me: ThreadId, order: Ordering) {
        self.tick(me);
        if order == SeqCst {
            self.enter_order(me);
        }
        let knowledge = &mut self.threads[me];
        if acquires(order) {
            knowledge.clock.join(&knowledge.laid_up);
        }
        if order == SeqCst {
            self.fenced.join(&knowledge.clock.before);
            knowledge.clock.seen.join(&self.fenced);
            knowledge.clock.fence = self.now;
        }
        if releases(order) {
            knowledge.released = knowledge.clock;
        }
    }
}

fn with<R>(f: impl FnOnce(&mut Memory) -> R) -> R {
    MEMORY.with_borrow_mut(f)
}

fn order_of_seq_cst() -> Meeting {
    with(|memory| memory.order.clone()).expect("an interleaving has begun")
}

/// A new interleaving begins, with main alone.
pub(super) fn begin() {
    let session = recorder::session();
    with(|memory| {
        let mut coins = std::mem::take(&mut memory.coins);
        coins.begin(session.spare_coins);
        *memory = Memory {
            threads: vec![Knowledge::default()],
            coins,
            order: Some(Meeting::new()),
            newest_only: session.newest_only,
            ..Memory::default()
        };
        memory.tick(0);
    });
}

/// What can be read now, of each atomic.
pub(crate) fn sights() -> Vec<Sight> {
    let all = |memory: &Memory| memory.atomics.iter().filter_map(|one| memory.sight(one)).collect();
    MEMORY.with(|memory| memory.try_borrow().map(|memory| all(&memory)).unwrap_or_default())
}

/// The current thread spawns another, the next in number.
pub(super) fn spawn() {
    let me = recorder::current();
    with(|memory| {
        memory.tick(me);
        let clock = memory.threads[me].clock;
        let child = memory.threads.len();
        memory.threads.push(Knowledge { clock, ..Knowledge::default() });
        memory.tick(child);
    });
}

/// What `ended` did is visible to the current thread.
pub(super) fn join(ended: ThreadId) {
    let me = recorder::current();
    with(|memory| {
        let clock = memory.threads[ended].clock;
        memory.threads[me].clock.join(&clock);
    });
}

/// What the current thread did is visible to `woken`, which sleeps.
pub(super) fn wake(woken: ThreadId) {
    let me = recorder::current();
    with(|memory| {
        memory.tick(me);
        let clock = memory.threads[me].clock;
        memory.threads[woken].clock.join(&clock);
    });
}

/// The current thread yields.
pub(super) fn yields() {
    let me = recorder::current();
    with(|memory| memory.threads[me].yielded = memory.tick(me));
}

/// A fence of `me`, as an operation of loom.
pub(super) fn fence(me: ThreadId, order: Ordering) {
    if order == SeqCst {
        order_of_seq_cst().write(me);
    }
    with(|memory| memory.fence(me, order));
}
