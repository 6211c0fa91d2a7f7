//! A worker pool that can be shut down: gracefully or at once, by any thread, any number of times.

use crate::cancellation::{CancelOnDrop, Context};
use crate::sync::thread::{self, JoinHandle};
use crate::sync::{Arc, Condvar, Mutex, MutexGuard, thread_local};
use std::cell::Cell;
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

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
    shared: Arc<Shared<J>>,
}

struct Shared<J> {
    /// A child of the caller's. Done if the caller's is, and when the last worker has ended.
    context: Context,
    guard: CancelOnDrop,
    capacity: usize,
    state: Mutex<State<J>>,
    /// Workers sleep here until there is a job or the phase changes.
    job: Condvar,
    /// Submitters sleep here until there is room or the phase changes.
    room: Condvar,
    /// Threads that shut down sleep here until the last worker has ended.
    over: Condvar,
}

struct State<J> {
    phase: Phase,
    queue: VecDeque<J>,
    /// The workers that have not ended.
    workers: usize,
}

/// Only ever grows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Open,
    /// No more jobs are accepted.
    Draining,
    /// And none is begun.
    Stopped,
}

thread_local! {
    /// In a worker, the address of its pool's `Shared`: a job must not wait for its own end.
    static WORKS_FOR: Cell<usize> = const { Cell::new(0) };
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
        assert!(workers > 0, "pool_shutdown: no workers");
        assert!(capacity > 0, "pool_shutdown: no room for a job");
        let (context, guard) = context.with_cancel();
        let shared = Arc::new(Shared {
            context,
            guard,
            capacity,
            state: Mutex::new(State {
                phase: Phase::Open,
                queue: VecDeque::with_capacity(capacity),
                workers: 0,
            }),
            job: Condvar::new(),
            room: Condvar::new(),
            over: Condvar::new(),
        });
        let mut threads = Vec::new();
        match Shared::start(&shared, workers, Arc::new(work), &mut threads) {
            Ok(()) => Ok(Self { shared }),
            Err(error) => {
                shared.close(Phase::Stopped);
                shared.guard.cancel();
                for thread in threads {
                    let _ = thread.join();
                }
                Err(error)
            }
        }
    }

    /// Submits a job. Sleeps while the queue is full and nobody shuts down.
    ///
    /// # Errors
    /// Hands the job back if somebody has shut down or the context is done: before the call, or while it
    /// sleeps.
    pub fn submit(&self, job: J) -> Result<(), Rejected<J>> {
        let shared = &*self.shared;
        let mut state = shared.state.lock();
        if state.queue.len() == shared.capacity && shared.is_open(&state) {
            // Only to save time: the workers may well make room before a sleep would have begun.
            MutexGuard::unlocked(&mut state, thread::yield_now);
        }
        // No wakeup is lost: room is made, and the phase changes, under the lock that this thread holds
        // from its look until it is asleep, and the notification comes after. The same is true of the
        // context: the thread that waits for it changes the phase.
        while state.queue.len() == shared.capacity && shared.is_open(&state) {
            shared.room.wait(&mut state);
        }
        // Asked after the sleep: there may be room because somebody has shut down.
        if !shared.is_open(&state) {
            return Err(Rejected(job));
        }
        state.queue.push_back(job);
        drop(state);
        shared.job.notify_one();
        Ok(())
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
        self.shut_down(Phase::Draining)
    }

    /// Shuts down at once: no job is accepted any more and none is begun. Sleeps until all workers have
    /// ended, each with the job that it is in, and returns the jobs that were in the queue, the oldest
    /// first. The drop of `work` happens before this returns.
    ///
    /// Of several calls, one returns the jobs, and all sleep. In a job of this pool it does not sleep.
    pub fn stop(&self) -> Vec<J> {
        self.shut_down(Phase::Stopped)
    }

    fn shut_down(&self, phase: Phase) -> Vec<J> {
        let shared = &*self.shared;
        shared.close(phase);
        let mut state = shared.state.lock();
        if WORKS_FOR.get() != shared.address() {
            // No wakeup is lost: the last worker counts itself out under the lock, and notifies after that.
            while state.workers > 0 {
                shared.over.wait(&mut state);
            }
        } else if !shared.is_stopped(&state) {
            return Vec::new(); // they will run
        }
        // Nobody takes a job out any more: either all workers have ended, or none begins another.
        mem::take(&mut state.queue).into()
    }
}

impl<J> Drop for Pool<J> {
    fn drop(&mut self) {
        drop(self.stop());
    }
}

impl<J> Shared<J> {
    /// Returns whether jobs are accepted.
    fn is_open(&self, state: &State<J>) -> bool {
        state.phase == Phase::Open && self.context.err().is_none()
    }

    /// Returns whether no job is begun any more. Asks the context, and not only the phase: the thread that
    /// waits for the context may be late.
    fn is_stopped(&self, state: &State<J>) -> bool {
        state.phase == Phase::Stopped || self.context.err().is_some()
    }

    /// Goes on to `phase`, unless the pool has got there before, and wakes the workers and the submitters.
    fn close(&self, phase: Phase) {
        let mut state = self.state.lock();
        state.phase = state.phase.max(phase);
        drop(state);
        self.job.notify_all();
        self.room.notify_all();
    }

    /// Returns the next job, or `None` if there is none and will be none. Sleeps until it knows which.
    fn next_job(&self) -> Option<J> {
        let mut state = self.state.lock();
        if state.queue.is_empty() && state.phase == Phase::Open {
            // Only to save time, as in `Pool::submit`: waking a thread takes longer than a short job.
            MutexGuard::unlocked(&mut state, thread::yield_now);
        }
        loop {
            // This comes first: a stopped pool begins no job, even if one waits.
            if self.is_stopped(&state) {
                return None;
            }
            if let Some(job) = state.queue.pop_front() {
                drop(state);
                self.room.notify_one();
                return Some(job);
            }
            if state.phase == Phase::Draining {
                return None;
            }
            // No wakeup is lost: see `Pool::submit`.
            self.job.wait(&mut state);
        }
    }

    fn address(&self) -> usize {
        ptr::from_ref(self).addr()
    }
}

impl<J: Send + 'static> Shared<J> {
    /// Starts the threads, and puts their handles into `threads`.
    fn start<F>(
        shared: &Arc<Self>,
        workers: usize,
        work: Arc<F>,
        threads: &mut Vec<JoinHandle<()>>,
    ) -> io::Result<()>
    where
        F: Fn(J) + Send + Sync + 'static,
    {
        let own = Arc::clone(shared);
        threads.push(thread::Builder::new().spawn(move || {
            // This ends in any case: if nobody else cancels the context, the last worker does.
            let Err(_) = own.context.done().recv();
            own.close(Phase::Stopped);
        })?);
        for _ in 0..workers {
            let (own, work) = (Arc::clone(shared), Arc::clone(&work));
            // Counted before the thread is there: it may have ended when `spawn` returns.
            shared.state.lock().workers += 1;
            let worker = thread::Builder::new().spawn(move || own.run(work));
            if worker.is_err() {
                shared.state.lock().workers -= 1;
            }
            threads.push(worker?);
        }
        Ok(())
    }

    /// Runs jobs, on a worker, until there are no more.
    fn run(&self, work: Arc<impl Fn(J)>) {
        WORKS_FOR.set(self.address());
        while let Some(job) = self.next_job() {
            // A panic has printed its message, and its payload is dropped: see 8.2.
            let _ = catch_unwind(AssertUnwindSafe(|| work(job)));
        }
        drop(work);
        let mut state = self.state.lock();
        state.workers -= 1;
        let is_last = state.workers == 0;
        drop(state);
        if is_last {
            self.over.notify_all();
            self.guard.cancel();
        }
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
