//! What a thread knows of the others: vector clocks.

use harness_report::record::{MAX_THREADS, ThreadId};

/// The number of an event among those of its thread, from 1.
pub(super) type Epoch = u32;

/// Some of the events of a run: of each thread all up to one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Vector([Epoch; MAX_THREADS]);

impl Vector {
    pub(super) fn has(&self, thread: ThreadId, epoch: Epoch) -> bool {
        epoch <= self.0[thread]
    }

    pub(super) fn of(&self, thread: ThreadId) -> Epoch {
        self.0[thread]
    }

    pub(super) fn set(&mut self, thread: ThreadId, epoch: Epoch) {
        self.0[thread] = epoch;
    }

    pub(super) fn join(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine = theirs.max(*mine);
        }
    }

    pub(super) fn has_all_of(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).all(|(mine, theirs)| *mine >= theirs)
    }
}

/// What a thread knows, and what it passes on when it releases.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    /// What happens before.
    pub(super) before: Vector,
    /// Whose reads and writes this thread may not fall behind: what happens before, and what a `fence(SeqCst)` adds.
    pub(super) seen: Vector,
    /// Whatever may have had an influence, by relaxed accesses too.
    pub(super) cause: Vector,
    /// The moment of the last `fence(SeqCst)` that happens before, in the order of all of them.
    pub(super) fence: Epoch,
}

impl Clock {
    /// The next event of `me`, to which the clock belongs.
    pub(super) fn tick(&mut self, me: ThreadId) -> Epoch {
        let now = self.before.of(me) + 1;
        for vector in [&mut self.before, &mut self.seen, &mut self.cause] {
            vector.set(me, now);
        }
        now
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.before.join(&other.before);
        self.seen.join(&other.seen);
        self.cause.join(&other.cause);
        self.fence = other.fence.max(self.fence);
    }
}
