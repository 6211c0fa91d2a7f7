//! What a pool counts. Nothing to edit here.

use crate::sync::atomic as facade;
use std::fmt;
// Not the facade's: most counts are those of the thread that has the job, so there is nothing in them to explore.
use std::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Release},
};

/// A number that only grows. Adding to it takes no lock.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Counts `n` more.
    pub fn add(&self, n: u64) {
        // Release: pairs with the Acquire in `get`, for the order in which `Metrics::sum` reads.
        self.0.fetch_add(n, Release);
    }

    fn get(&self) -> u64 {
        self.0.load(Acquire)
    }
}

/// A [`Counter`] of jobs that other threads may have by the time it counts them: a model explores that moment.
#[derive(Debug)]
pub struct Submissions {
    submitted: facade::AtomicU64,
}

impl Default for Submissions {
    fn default() -> Self {
        Self {
            submitted: facade::AtomicU64::new(0),
        }
    }
}

impl Submissions {
    /// Counts `n` more.
    pub fn add(&self, n: u64) {
        // Release: as in `Counter`.
        self.submitted.fetch_add(n, Release);
    }

    fn get(&self) -> u64 {
        self.submitted.load(Acquire)
    }
}

/// What happened to jobs. There may be one of these for a whole pool, or one for each worker, so that they do
/// not compete for one cache line.
#[derive(Debug, Default)]
pub struct Counters {
    /// Jobs that were accepted.
    pub submitted: Submissions,
    /// Jobs that have begun to run.
    pub begun: Counter,
    /// Jobs that have returned.
    pub completed: Counter,
    /// Jobs that have panicked.
    pub panicked: Counter,
    /// Jobs that were accepted and never began.
    pub cancelled: Counter,
    /// Jobs that were not accepted.
    pub rejected: Counter,
    /// Jobs that were taken from the queue of a worker by another thread.
    pub stolen: Counter,
}

impl Counters {
    /// Adds what `other` has counted, which counts no more.
    pub fn absorb(&self, other: &Self) {
        let Self {
            submitted,
            begun,
            completed,
            panicked,
            cancelled,
            rejected,
            stolen,
        } = other;
        self.submitted.add(submitted.get());
        self.begun.add(begun.get());
        self.completed.add(completed.get());
        self.panicked.add(panicked.get());
        self.cancelled.add(cancelled.get());
        self.rejected.add(rejected.get());
        self.stolen.add(stolen.get());
    }
}

/// The numbers of a pool, as [`Pool::metrics`](crate::Pool::metrics) returns them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// How many threads the pool has now.
    pub workers: u64,
    /// Jobs that were accepted.
    pub submitted: u64,
    /// Jobs that wait now, in the shared queue and in those of the workers.
    pub queued: u64,
    /// Jobs that have begun and not ended.
    pub running: u64,
    /// Jobs that have returned.
    pub completed: u64,
    /// Jobs that have panicked.
    pub panicked: u64,
    /// Jobs that were accepted and never began.
    pub cancelled: u64,
    /// Submissions that were refused.
    pub rejected: u64,
    /// Jobs that were taken from the queue of a worker by another thread.
    pub stolen: u64,
}

impl Metrics {
    /// Adds up what all of `counters` have counted. `workers` and `queued` are left to the caller.
    ///
    /// While jobs run the numbers may be of different moments, but no job is seen to end before it began, or
    /// to begin before it was submitted: each is counted in that order, and read in the opposite one.
    pub fn sum<'a>(counters: impl Iterator<Item = &'a Counters> + Clone) -> Self {
        let sum = |of: fn(&Counters) -> &Counter| counters.clone().map(|one| of(one).get()).sum();
        let completed = sum(|counters| &counters.completed);
        let panicked = sum(|counters| &counters.panicked);
        let cancelled = sum(|counters| &counters.cancelled);
        let begun: u64 = sum(|counters| &counters.begun);
        Self {
            workers: 0,
            queued: 0,
            running: begun.saturating_sub(completed + panicked),
            completed,
            panicked,
            cancelled,
            submitted: counters.clone().map(|one| one.submitted.get()).sum(),
            rejected: sum(|counters| &counters.rejected),
            stolen: sum(|counters| &counters.stolen),
        }
    }

    /// Returns how many jobs have ended, in one way or another.
    pub fn ended(&self) -> u64 {
        self.completed + self.panicked + self.cancelled
    }

    /// Returns whether each job that was submitted has ended, waits or runs. Between two jobs the answer must
    /// be `true`.
    pub fn add_up(&self) -> bool {
        self.submitted == self.ended() + self.running + self.queued
    }
}

impl fmt::Display for Metrics {
    /// Writes a line for the jobs and one for the rest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            workers,
            submitted,
            queued,
            running,
            completed,
            panicked,
            cancelled,
            rejected,
            stolen,
        } = self;
        let equals = if self.add_up() { "=" } else { "≠" };
        writeln!(
            f,
            "submitted {submitted} {equals} completed {completed} + panicked {panicked} + cancelled {cancelled} \
             + running {running} + queued {queued}"
        )?;
        write!(f, "rejected {rejected}, stolen {stolen}, workers {workers}")
    }
}
