//! What the types of the facade hold of the memory.

use super::{
    Accesses, Atomic, Memory, Relaxed, SeqCst, ShownAs, Store, Vector, order_of_seq_cst, with,
};
use crate::sync::model::clock::Clock;
use crate::sync::model::meeting::Meeting;
use crate::sync::model::recorder;
use harness_report::record::{Source, Stop, ThreadId};
use std::cell::Cell;
use std::sync::atomic::Ordering;

/// What an operation found.
#[derive(Clone, Copy, Debug)]
pub(in crate::sync::model) struct Found {
    /// What it read.
    pub(in crate::sync::model) bits: u64,
    /// The last value in modification order when it was done.
    pub(in crate::sync::model) newest: u64,
    /// Where the record has what it read.
    pub(in crate::sync::model) source: Source,
}

/// An atomic, as bits. The operations are loom's too: call them in a [`recorder::step`].
#[derive(Debug)]
pub(in crate::sync::model) struct Location {
    at: usize,
    meeting: Meeting,
}

impl Location {
    pub(in crate::sync::model) fn new(bits: u64, shown: ShownAs) -> Self {
        let me = recorder::current();
        let at = with(|memory| {
            let now = memory.tick(me);
            let mut accesses = Vector::default();
            accesses.set(me, now);
            let stores = vec![Store::new(bits, me, now, Source::Initial)];
            memory.atomics.push(Atomic { stores, accesses, shown });
            memory.atomics.len() - 1
        });
        Self { at, meeting: Meeting::new() }
    }

    /// Whether there is more than one store that a load by `me` may read.
    pub(in crate::sync::model) fn load_chooses(&self, me: ThreadId, order: Ordering) -> bool {
        self.chooses(me, |memory| memory.readable(me, self.at, order))
    }

    /// Whether there is more than one place where a store by `me` may go.
    pub(in crate::sync::model) fn store_chooses(&self, me: ThreadId, order: Ordering) -> bool {
        self.chooses(me, |memory| memory.places(me, self.at, order))
    }

    /// Whether there is more than one store that an update by `me` may find.
    pub(in crate::sync::model) fn update_chooses(
        &self,
        me: ThreadId,
        orders: (Ordering, Ordering),
        change: impl Fn(u64) -> Option<u64>,
    ) -> bool {
        self.chooses(me, |memory| memory.updated(me, self.at, orders, &change))
    }

    fn chooses(&self, me: ThreadId, stores: impl FnOnce(&Memory) -> Vec<usize>) -> bool {
        with(|memory| memory.may_access(me, self.at) && stores(memory).len() > 1)
    }

    pub(in crate::sync::model) fn load(&self, me: ThreadId, order: Ordering) -> Found {
        // Of two loads of `SeqCst` the later one, in S, may not read an older store.
        let ordered = order == SeqCst;
        self.meet(me, ordered, ordered);
        with(|memory| {
            let newest = memory.newest(self.at);
            let (bits, source) = memory.load(me, self.at, order);
            Found { bits, newest, source }
        })
    }

    /// Returns the newest value.
    pub(in crate::sync::model) fn store(&self, me: ThreadId, bits: u64, order: Ordering) -> u64 {
        self.meet(me, true, order == SeqCst);
        with(|memory| {
            memory.store(me, self.at, bits, order);
            memory.newest(self.at)
        })
    }

    /// Changes the value, unless `change` gives `None`. Then the result is an `Err`.
    pub(in crate::sync::model) fn update(
        &self,
        me: ThreadId,
        success: Ordering,
        failure: Ordering,
        change: impl Fn(u64) -> Option<u64>,
    ) -> Result<Found, Found> {
        self.change(me, success, failure, |memory| {
            memory.update(me, self.at, (success, failure), change)
        })
    }

    /// [`update`](Self::update), which fails spuriously where the exploration has it so.
    pub(in crate::sync::model) fn update_weakly(
        &self,
        me: ThreadId,
        success: Ordering,
        failure: Ordering,
        change: impl Fn(u64) -> Option<u64>,
    ) -> Result<Found, Found> {
        self.change(me, success, failure, |memory| {
            if memory.fails_spuriously(me)
                && let Some(found) = memory.fail(me, self.at, failure, &change)
            {
                return Err(found);
            }
            memory.update(me, self.at, (success, failure), change)
        })
    }

    fn change(
        &self,
        me: ThreadId,
        success: Ordering,
        failure: Ordering,
        operation: impl FnOnce(&mut Memory) -> Result<(u64, Source), (u64, Source)>,
    ) -> Result<Found, Found> {
        self.meet(me, true, success == SeqCst || failure == SeqCst);
        with(|memory| {
            let result = operation(memory);
            let newest = memory.newest(self.at);
            let found = |(bits, source)| Found { bits, newest, source };
            result.map(found).map_err(found)
        })
    }

    /// Reads the newest value, whatever the thread knows.
    pub(in crate::sync::model) fn newest(&self, me: ThreadId) -> u64 {
        self.meet(me, true, false);
        with(|memory| {
            memory.access(me, self.at);
            let last = memory.atomics[self.at].stores.len() - 1;
            memory.read(me, self.at, last, Relaxed).0
        })
    }

    /// An exclusive borrow: everything before it must happen before, and everything after it happens after.
    pub(in crate::sync::model) fn borrow(&self, me: ThreadId) -> u64 {
        with(|memory| {
            memory.access(me, self.at);
            let now = memory.threads[me].clock.before;
            let atomic = &mut memory.atomics[self.at];
            if !now.has_all_of(&atomic.accesses) {
                recorder::stop(Stop::DataRace);
            }
            let bits = atomic.stores.last().expect("the initial value is there").bits;
            atomic.stores = vec![Store::new(bits, me, now.of(me), Source::Initial)];
            bits
        })
    }

    /// Puts back what a borrow has made of the value.
    pub(in crate::sync::model) fn put_back(&self, bits: u64) {
        with(|memory| memory.atomics[self.at].stores[0].bits = bits);
    }

    pub(in crate::sync::model) fn meeting(&self) -> Meeting {
        self.meeting.clone()
    }

    fn meet(&self, me: ThreadId, writes: bool, ordered: bool) {
        if writes {
            self.meeting.write(me);
        } else {
            self.meeting.read(me);
        }
        if ordered {
            order_of_seq_cst().read_as_well(me);
        }
    }
}

/// Plain memory, whose accesses must be ordered by happens-before.
#[derive(Debug)]
pub(in crate::sync::model) struct Plain(usize);

impl Plain {
    /// Making it counts as a write.
    pub(in crate::sync::model) fn new() -> Self {
        let me = recorder::current();
        with(|memory| {
            let now = memory.tick(me);
            let mut accesses = Accesses::default();
            accesses.writes.set(me, now);
            memory.cells.push(accesses);
            Self(memory.cells.len() - 1)
        })
    }

    /// Whether there was an access that does not happen before what the current thread does now.
    pub(in crate::sync::model) fn is_unordered(&self) -> bool {
        let me = recorder::current();
        with(|memory| {
            let before = &memory.threads[me].clock.before;
            let cell = &memory.cells[self.0];
            !before.has_all_of(&cell.reads) || !before.has_all_of(&cell.writes)
        })
    }

    /// A read, or a write. Whether it races.
    pub(in crate::sync::model) fn access(&self, writes: bool) -> bool {
        let me = recorder::current();
        with(|memory| {
            let now = memory.tick(me);
            let before = &memory.threads[me].clock.before;
            let cell = &mut memory.cells[self.0];
            let races =
                !before.has_all_of(&cell.writes) || writes && !before.has_all_of(&cell.reads);
            let mine = if writes { &mut cell.writes } else { &mut cell.reads };
            mine.set(me, now);
            races
        })
    }
}

/// A one-way edge of happens-before through an object of the facade.
#[derive(Debug, Default)]
pub(in crate::sync::model) struct Edge(Cell<Clock>);

// SAFETY: the threads of a model are coroutines of one operating-system thread, and loom switches between them only
// at its own operations, of which there is none here.
unsafe impl Sync for Edge {}

impl Edge {
    /// What this thread did so far is passed on, besides what others passed on before.
    pub(in crate::sync::model) fn release(&self) {
        let me = recorder::current();
        let mut clock = self.0.get();
        with(|memory| {
            memory.tick(me);
            clock.join(&memory.threads[me].clock);
        });
        self.0.set(clock);
    }

    /// What was passed on is visible to this thread.
    pub(in crate::sync::model) fn acquire(&self) {
        let me = recorder::current();
        with(|memory| memory.threads[me].clock.join(&self.0.get()));
    }
}
