//! A pool of threads for heavy jobs, with bounded queues.

// Locks, atomics, threads, `Arc`: all from `crate::sync`, or the model checker does not see them. That `Arc`
// cannot be the type of `self`: write `fn run(shared: &Arc<Shared>)`, not `fn run(self: Arc<Self>)`.
// `crate::channel` and `crate::select` are those of chapter 5: a submission can wait for room and for its
// context at once. `crate::LOCAL`, `crate::PATIENCE` and `crate::LOOKS` are the numbers of the contract.
//
// What is finished is in `job.rs` and `metrics.rs`: jobs that run once and never unwind, their handles, the
// terms, the counters. The typed functions below are finished, too. What you write deals with `Job`s.

use crate::job::{self, Handle, Refused, Terms, Wait};
use crate::metrics::Metrics;
use std::io;

type Job = job::Job<Worker>;

/// A pool of threads that run jobs.
///
/// A job is a closure. It is submitted from outside by [`submit`](Pool::submit), which waits for room and so
/// slows its caller down to what the pool can do; or by another job, through the [`Worker`] that the job is
/// lent. The [`Handle`] gets its result, or its panic, which ends the job and nothing else.
///
/// ```
/// let pool = Pool::new(2, 100)?;
/// let sum = pool.submit(|worker: &Worker| {
///     let half = worker.submit(|_: &Worker| (0..500).sum::<u64>()).expect("the pool is open");
///     let other: u64 = (500..1000).sum();
///     while !half.is_finished() && worker.help() {}
///     half.join().expect("no panic") + other
/// })?;
/// assert_eq!(sum.join()?, 499_500);
/// pool.shutdown();
/// println!("{}", pool.metrics());
/// ```
///
/// # Order
/// Jobs from outside wait in the shared queue, in three lanes. The highest [`Priority`](crate::Priority) goes
/// first. But a lane that was passed over [`PATIENCE`](crate::PATIENCE) times in succession, while a job
/// waited in it, goes before the others, the lowest of such lanes first. Within a lane the oldest job goes
/// first.
///
/// Jobs that a job submits wait in the queue of its worker. The worker takes them before those of the shared
/// queue, the oldest first; but after `PATIENCE` of them in succession it looks into the shared queue first.
/// A worker that finds neither steals what waits in the queue of another.
///
/// # Bounds
/// `capacity` jobs may wait in the shared queue, and [`LOCAL`](crate::LOCAL) in the queue of each worker. Only
/// a worker that leaves may exceed this, because its jobs move to the shared queue, as jobs of normal
/// priority. There is room again when fewer than `capacity` wait there.
///
/// # Happens-before
/// What was done before a job was submitted happens before it begins; what a job did happens before its
/// handle has the result, and before a shutdown returns.
pub struct Pool {
    // Your fields.
}

/// What a job sees of the pool that runs it.
pub struct Worker {
    // Your fields.
}

impl Pool {
    /// Starts `workers` threads, with room for `capacity` jobs that wait. Without workers the pool is paused:
    /// jobs wait until it is [resized](Pool::resize), or somebody [helps](Pool::help).
    ///
    /// # Errors
    /// If the operating system refuses a thread. By then those that were started have ended.
    ///
    /// # Panics
    /// Panics with `final_boss: no room for a job` if `capacity` is zero.
    pub fn new(workers: usize, capacity: usize) -> io::Result<Self> {
        let _ = (workers, capacity);
        todo!("make a pool that is open, and start its workers")
    }

    /// Submits a job on the default [`Terms`]: sleeps until there is room. See
    /// [`submit_with`](Pool::submit_with).
    ///
    /// # Errors
    /// Hands the job back if the pool is shut down.
    pub fn submit<F, T>(&self, job: F) -> Result<Handle<T>, Refused<F>>
    where
        F: FnOnce(&Worker) -> T + Send + 'static,
        T: Send + 'static,
    {
        self.submit_with(&Terms::default(), job)
    }

    /// Submits a job if there is room now. See [`submit_with`](Pool::submit_with).
    ///
    /// # Errors
    /// Hands the job back if there is no room, or the pool is shut down.
    pub fn try_submit<F, T>(&self, job: F) -> Result<Handle<T>, Refused<F>>
    where
        F: FnOnce(&Worker) -> T + Send + 'static,
        T: Send + 'static,
    {
        let wait = Wait::Never;
        self.submit_with(
            &Terms {
                wait,
                ..Terms::default()
            },
            job,
        )
    }

    /// Submits a job on these terms. If there is no room, it sleeps as long as `terms.wait` says, and at most
    /// until the context is done or the pool is shut down.
    ///
    /// A job that is accepted runs once, unless it is cancelled before it begins: by its context, as soon as
    /// its turn comes, or by [`shutdown_now`](Pool::shutdown_now). One that has begun is never interrupted.
    /// What a cancelled job owns is dropped while no lock is held, and may ask the pool for its metrics.
    ///
    /// If a submission gets a place and does not take it, because its context is done or its time is over,
    /// the next one that waits gets it.
    ///
    /// A job should submit through its [`Worker`], and not by this function, where it may sleep until other jobs
    /// have ended.
    ///
    /// # Errors
    /// Hands the job back, with the [`Reason`](crate::Reason): if its context is done at the call, even if there
    /// is room. If several are true at the call, `Closed` goes before `Cancelled`, and `Cancelled` before `Full`
    /// and `TimedOut`.
    pub fn submit_with<F, T>(&self, terms: &Terms, job: F) -> Result<Handle<T>, Refused<F>>
    where
        F: FnOnce(&Worker) -> T + Send + 'static,
        T: Send + 'static,
    {
        Job::submit(job, terms.context.as_ref(), |job| self.enqueue(job, terms))
    }

    /// Accepts a job from outside, or refuses it.
    fn enqueue(&self, job: Job, terms: &Terms) -> Result<(), Refused<Job>> {
        let _ = (job, terms);
        todo!("put the job into the shared queue, or wait for room, or hand it back")
    }

    /// Runs one of the jobs that wait on this thread, and returns whether there was one. So one more job than
    /// there are workers may run at the same time.
    pub fn help(&self) -> bool {
        todo!("find a job, in the shared queue or in that of a worker, and run it here")
    }

    /// Sets how many workers there are, and does not wait. If workers are missing, new ones start at
    /// once. Surplus ones leave when the job that they run has ended, unless the pool is larger again by then, and
    /// no job goes with them: what waits in the queue of one that leaves moves to the shared queue. If the pool is
    /// shut down, nothing happens.
    ///
    /// # Errors
    /// If the operating system refuses a thread. The pool has those that it got by then.
    pub fn resize(&self, workers: usize) -> io::Result<()> {
        let _ = workers;
        todo!("start the workers that are missing, or tell those that are too many to leave")
    }

    /// Returns how many workers there should be: what [`resize`](Pool::resize) was told last before a shutdown,
    /// or [`new`](Pool::new).
    pub fn size(&self) -> usize {
        todo!("return how many workers there should be")
    }

    /// Returns what has happened so far. When no call is under way and no job runs, the numbers
    /// [add up](Metrics::add_up); otherwise they may be of different moments, but no job ends before it began.
    pub fn metrics(&self) -> Metrics {
        todo!("add up all counters, and count the workers and the jobs that wait")
    }

    /// Ends the pool gracefully: from now on nobody can submit, not even the jobs. Runs what waits, on this
    /// thread too, and returns when no job runs and all workers have left.
    ///
    /// May be called again, and by several threads at the same time: each waits for the end. A job must not
    /// call it, because it would wait for itself.
    pub fn shutdown(&self) {
        todo!("accept no more, help until nothing waits, and wait until nothing runs")
    }

    /// Ends the pool at once, like [`shutdown`](Pool::shutdown), but cancels the jobs that wait, before it waits
    /// for those that run. Returns how many it has cancelled. If another thread has called
    /// [`shutdown`](Pool::shutdown), this cuts it short.
    pub fn shutdown_now(&self) -> usize {
        todo!("accept no more, cancel what waits, and wait until nothing runs")
    }
}

impl Drop for Pool {
    /// As [`shutdown_now`](Pool::shutdown_now).
    fn drop(&mut self) {
        self.shutdown_now();
    }
}

impl Worker {
    /// Submits a job from within another. It waits in the queue of this worker, or in the shared queue if the
    /// thread is not a worker but helps. Never sleeps: if there is no room, it runs the job now, on this
    /// thread, and then returns.
    ///
    /// # Errors
    /// Hands the job back if the pool is shut down.
    pub fn submit<F, T>(&self, job: F) -> Result<Handle<T>, Refused<F>>
    where
        F: FnOnce(&Worker) -> T + Send + 'static,
        T: Send + 'static,
    {
        Job::submit(job, None, |job| self.enqueue(job))
    }

    /// Runs one of the jobs that wait, on this thread and within the job that calls this, and returns whether
    /// there was one. This is for a job that waits for others: if all workers slept until queued jobs had ended,
    /// nobody would run those. It may run any of the jobs that wait.
    pub fn help(&self) -> bool {
        todo!("find a job, in this worker's queue first, and run it here")
    }

    /// Accepts a job that a job of this worker submits, or refuses it.
    fn enqueue(&self, job: Job) -> Result<(), Refused<Job>> {
        let _ = job;
        todo!("put the job into this worker's queue, or run it, or hand it back")
    }
}

// And what a worker does all its life: it takes a job, from its own queue, the shared one or another's, and
// runs it; and it sleeps while there is none. What does it leave behind when it leaves?
