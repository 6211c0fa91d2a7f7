//! A fixed number of threads that run jobs from a bounded queue.

// Take channels, locks, threads and `Arc` from `crate::sync`: the model checker sees no others. To begin
// with:
// use crate::sync::channel::{Receiver, Sender, bounded};
// use crate::sync::thread::{self, JoinHandle};
// use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::error::Error;
use std::fmt;
use std::io;
use std::iter::FusedIterator;
use std::marker::PhantomData;

/// Threads that are started once and run jobs, any number of them one after the other.
///
/// Its bounds hold whatever the load: there are `workers` threads, at most `capacity` jobs wait in the
/// queue, and at most `capacity` results wait to be read. A thread that brings more than there is room for
/// sleeps: [`submit`](Self::submit) with a job, a worker with a result. So does a worker without a job.
///
/// Each accepted job runs once, on one of the workers. Jobs are taken from the queue in the order in which
/// they were submitted. A worker has one job or one result at a time, and takes no job before its result
/// has found room.
///
/// Threads share a pool by reference. It is closed when it is dropped, or by [`join`](Self::join): the jobs
/// that were accepted still run, and then the workers end. Dropping does not wait for that, so a job may
/// drop the pool. It closes the pool even while the thread that drops it unwinds from a panic.
///
/// If a job panics, it has no result, and nothing else happens to the pool: the worker takes the next job.
/// `join` passes the panic on.
///
/// ```
/// use std::thread;
/// use worker_pool::WorkerPool;
///
/// let (pool, results) = WorkerPool::new(2, 16, |n: u64| n * n).expect("there are threads");
/// let sum: u64 = thread::scope(|s| {
///     s.spawn(move || (1..=1_000).for_each(|n| pool.submit(n))); // and closes the pool
///     results.sum()
/// });
/// assert_eq!(sum, 333_833_500);
/// ```
pub struct WorkerPool<J> {
    // The fields are yours. This one takes no space, and makes `J` occur in a field, as it must.
    replace_me: PhantomData<J>,
}

impl<J: Send + 'static> WorkerPool<J> {
    /// Starts `workers` threads, which call `work` with each job, and returns the pool and the results.
    /// `work` runs on several threads at the same time.
    ///
    /// What a thread did before it submitted a job happens before `work` is called with it.
    ///
    /// # Errors
    /// If the operating system cannot create that many threads. There is no pool then: the threads that
    /// were there already have ended, and `work` is dropped.
    ///
    /// # Panics
    /// Panics if `workers` or `capacity` is 0. May panic if memory for `capacity` jobs and results cannot be
    /// allocated.
    pub fn new<R: Send + 'static>(
        workers: usize,
        capacity: usize,
        work: impl Fn(J) -> R + Send + Sync + 'static,
    ) -> io::Result<(Self, Results<R>)> {
        let _ = work;
        todo!(
            "start {workers} threads that run jobs, with room for {capacity} jobs and as many results"
        )
    }

    /// Submits a job. Sleeps while the queue is full: for ever, if all workers wait for room for their
    /// results and nobody reads, or if all of them are in jobs that call this.
    ///
    /// If nobody reads results, `2 * capacity + workers` jobs are accepted, and no more: `capacity`
    /// results, one in the hands of each worker, and `capacity` jobs behind them.
    pub fn submit(&self, job: J) {
        let _ = job;
        todo!("put the job into the queue; sleep while the queue is full")
    }

    /// Submits a job if there is room in the queue. Never sleeps.
    ///
    /// # Errors
    /// Hands the job back if the queue is full.
    pub fn try_submit(&self, job: J) -> Result<(), Full<J>> {
        let _ = job;
        todo!("put the job into the queue if there is room, or hand it back")
    }

    /// Closes the pool, and sleeps until all accepted jobs have run and all workers have ended. `work` is
    /// dropped then, and what it did happens before this returns.
    ///
    /// The results stay where they are, for the [`Results`] to read. If there are more than there is room
    /// for, this sleeps until another thread reads them, or drops the `Results`. A job that calls this
    /// waits for itself.
    ///
    /// # Panics
    /// Panics if a job has panicked: resumes one of the panics, with its payload, when all workers have
    /// ended. The payloads of others are dropped, while no lock is held. Their destructors must not panic.
    pub fn join(self) {
        todo!("close the pool, wait for the workers, and pass a panic on")
    }
}

/// The results of a [`WorkerPool`], as they become ready. With one worker, they come in the order of the jobs.
///
/// `next` sleeps until there is a result. It returns `None` when the pool is closed and every accepted job
/// has ended, however many workers there are. What a job did happens before the return of its result.
///
/// If this is dropped, even while its thread unwinds from a panic, so are the results that wait, at the latest
/// when the last worker ends, and those that are still to come. The jobs run as before, and a worker that
/// sleeps because there is no room for its result goes on. No lock is held while a result is dropped: its
/// destructor may wait for another job, but must not panic.
pub struct Results<R> {
    replace_me: PhantomData<R>,
}

impl<R> Iterator for Results<R> {
    type Item = R;

    fn next(&mut self) -> Option<R> {
        todo!(
            "wait for a result; there is none any more when every accepted job of a closed pool has ended"
        )
    }
}

impl<R> FusedIterator for Results<R> {}

/// The queue is full. This is the job that was not accepted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Full<J>(pub J);

impl<J> fmt::Debug for Full<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Full(..)")
    }
}

impl<J> fmt::Display for Full<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the queue of jobs is full")
    }
}

impl<J> Error for Full<J> {}
