//! A worker pool that can be shut down: gracefully or at once, by any thread, any number of times.

// Take locks, threads and `Arc` from `crate::sync`: the model checker sees no others. To begin with:
// use crate::cancellation::CancelOnDrop;
// use crate::sync::{Arc, Condvar, Mutex, thread};
// use std::collections::VecDeque;
// use std::panic::{AssertUnwindSafe, catch_unwind};
use crate::cancellation::Context;
use std::error::Error;
use std::fmt;
use std::io;
use std::marker::PhantomData;

/// A fixed number of threads that run jobs from a bounded queue, until somebody shuts the pool down.
///
/// There are three ways. [`drain`](Self::drain) takes no more jobs and runs those that it has.
/// [`stop`](Self::stop) takes no more and begins no more: the jobs in the queue are handed back. And if the
/// pool's [`Context`] is done, the pool stops by itself. In each case a running job is finished; nothing is
/// interrupted. A job that takes long should look at the context.
///
/// A pool that stops does not drain any more, and one that drains can still be stopped. Any thread may shut
/// down, at the same time as others, and so may jobs.
///
/// An accepted job runs once, or is handed back once, by one of the calls that shut down. Jobs that nobody
/// has taken back are dropped with the pool. A job that panics has ended, and its worker takes the next
/// one; the payload is dropped while no lock is held, so its destructor may use the pool as a job may, but must
/// not panic.
///
/// Dropping the pool stops it, sleeps as [`stop`](Self::stop) does, and drops what is handed back, even while
/// the thread unwinds.
///
/// Jobs are begun in the order in which they were submitted, each on one of the workers.
///
/// ```
/// use cancellation_solution::Context;
/// use pool_shutdown::Pool;
///
/// let pool = Pool::new(&Context::background(), 2, 16, |n: u32| println!("{n}")).expect("threads");
/// pool.submit(1).expect("it is open");
/// assert!(pool.drain().is_empty(), "all have run");
/// assert!(pool.submit(2).is_err(), "too late");
/// ```
pub struct Pool<J> {
    // The fields are yours. This one takes no space, and makes `J` occur in a field, as it must; threads can
    // share it, even if `J` is not `Sync`.
    replace_me: PhantomData<fn(J)>,
}

impl<J: Send + 'static> Pool<J> {
    /// Starts `workers` threads, which call `work` with each job, and may start one more, which waits for
    /// `context`. The queue has room for `capacity` jobs. If the context is done already, the pool is stopped
    /// from the beginning.
    ///
    /// What a thread did before it submitted a job happens before `work` is called with it. When the whole
    /// pool has ended, nothing of it is left in `context`.
    ///
    /// # Errors
    /// If the operating system cannot create the threads. There is no pool then: those that were there
    /// already have ended, and `work` is dropped.
    ///
    /// # Panics
    /// Panics if `workers` or `capacity` is 0. May panic if memory for `capacity` jobs cannot be allocated.
    pub fn new(
        context: &Context,
        workers: usize,
        capacity: usize,
        work: impl Fn(J) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let _ = (context, work);
        todo!(
            "start {workers} threads that run jobs, with room for {capacity} jobs, and see to the context"
        )
    }

    /// Submits a job. Sleeps while the queue is full and nobody shuts down.
    ///
    /// # Errors
    /// Hands the job back if somebody has shut down or the context is done: before the call, or while it
    /// sleeps.
    pub fn submit(&self, job: J) -> Result<(), Rejected<J>> {
        let _ = job;
        todo!(
            "put the job into the queue, sleep while it is full, and hand the job back after a shutdown"
        )
    }
}

impl<J> Pool<J> {
    /// Shuts down gracefully: no job is accepted any more, those in the queue run, and this sleeps until all
    /// workers have ended. What the jobs did happens before this returns, and so does the drop of `work`.
    ///
    /// Returns the jobs that have not run and will not: there are none, unless the pool was stopped before or
    /// meanwhile, by [`stop`](Self::stop) or by its context.
    ///
    /// In a job of this pool it does not sleep, because the job would wait for its own end: the others go on,
    /// and another call can wait for them. If the pool has been stopped, or its context is done, the job gets
    /// the queue, as from [`stop`](Self::stop).
    pub fn drain(&self) -> Vec<J> {
        todo!("accept no more jobs, and wait until those in the queue have run")
    }

    /// Shuts down at once: no job is accepted any more and none is begun. Sleeps until all workers have
    /// ended, each with the job that it is in, and returns the jobs that were in the queue, the oldest
    /// first. The drop of `work` happens before this returns.
    ///
    /// Of several calls, one returns the jobs, and all sleep. In a job of this pool it does not sleep.
    pub fn stop(&self) -> Vec<J> {
        todo!("accept and begin no more jobs, wait for those that run, and hand back the others")
    }
}

impl<J> Drop for Pool<J> {
    fn drop(&mut self) {
        todo!("stop the pool, and drop what is handed back")
    }
}

/// The pool has been shut down. This is the job that it does not run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Rejected<J>(pub J);

impl<J> fmt::Debug for Rejected<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rejected(..)")
    }
}

impl<J> fmt::Display for Rejected<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the pool has been shut down")
    }
}

impl<J> Error for Rejected<J> {}
