//! A pool of threads in which a panic stays with its job: the pool keeps its size, and the job's handle
//! gets the payload.

use crate::sync::{Arc, Condvar, Mutex, thread};
use std::collections::VecDeque;
use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A pool of a fixed number of threads, which run jobs.
///
/// [`new`](Self::new) starts all the threads that the pool ever has. While the pool is there, none of them
/// ends and no other is started, whatever its jobs do. A thread without a job sleeps. The pool can be
/// shared: [`submit`](Self::submit) takes `&self`.
///
/// Dropping the pool does not wait. Jobs that were submitted still run, and then the threads end. So a job
/// may own the last reference to its own pool.
///
/// ```
/// use panic_isolation::Pool;
///
/// let pool = Pool::new(2)?;
/// let divisions = [2, 0, 5].map(|n| pool.submit(move || 100 / n));
/// let quotients = divisions.map(|handle| handle.join().ok());
/// assert_eq!(quotients, [Some(50), None, Some(20)]);
/// # Ok::<_, std::io::Error>(())
/// ```
pub struct Pool {
    queue: Arc<Queue>,
}

impl Pool {
    /// Starts a pool of `threads` threads.
    ///
    /// # Errors
    /// If the operating system cannot create one of them. Those that were started end.
    ///
    /// # Panics
    /// If `threads` is 0: "pool: zero threads".
    pub fn new(threads: usize) -> io::Result<Self> {
        assert!(threads > 0, "pool: zero threads");
        let pool = Self {
            queue: Arc::new(Queue::new()),
        };
        for n in 1..=threads {
            let queue = Arc::clone(&pool.queue);
            let run_all = move || {
                // `next` has released its lock when the job begins.
                while let Some(job) = queue.next() {
                    job();
                }
            };
            // If this fails, `pool` is dropped, and those that were started end. Nothing joins them.
            thread::Builder::new()
                .name(format!("worker {n}"))
                .spawn(run_all)?;
        }
        Ok(pool)
    }

    /// Hands `job` to the pool, and returns a handle to its outcome. Never waits, so a job may submit
    /// others.
    ///
    /// Jobs begin in the order in which they were submitted, each on the first thread that is free. A
    /// thread holds no lock while it runs one. What the caller did before happens before `job` begins.
    ///
    /// A *panic of the job* is one that leaves its call: of its body, or of the destructor of something
    /// that it owns. It ends the job and nothing else, and is what the handle gets. The thread goes on with
    /// the next job, and [`thread::panicking`](std::thread::panicking) is false there. (A destructor that
    /// panics while another panic unwinds ends the process, here as everywhere.)
    ///
    /// `job` need not be [`UnwindSafe`](std::panic::UnwindSafe): as with [`std::thread::spawn`], what it
    /// shares with others must be fit to be seen after a panic.
    pub fn submit<T, F>(&self, job: F) -> Handle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                outcome: None,
                is_abandoned: false,
            }),
            ended: Condvar::new(),
        });
        let theirs = Arc::clone(&shared);
        let job = move || {
            // Unwind safety: `job` is consumed by its call, so nobody can see what a panic has left half
            // done inside it. The thread keeps nothing from one job to the next. Others must guard what they
            // share with the job. When this returns, everything that `job` owned is gone.
            let outcome = catch_unwind(AssertUnwindSafe(job));
            theirs.end(outcome);
        };
        self.queue.push(Box::new(job));
        Handle { shared }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// The jobs that have not begun. The pool and its threads share it.
struct Queue {
    waiting: Mutex<Waiting>,
    /// Threads of the pool sleep here while there is no job and the pool is there.
    changed: Condvar,
}

struct Waiting {
    jobs: VecDeque<Job>,
    is_closed: bool,
}

/// A submitted job, with the way to its handle. It does not panic.
type Job = Box<dyn FnOnce() + Send>;

impl Queue {
    fn new() -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                jobs: VecDeque::new(),
                is_closed: false,
            }),
            changed: Condvar::new(),
        }
    }

    fn push(&self, job: Job) {
        self.waiting.lock().jobs.push_back(job);
        // One job, one thread. `next` proves that it is not missed.
        self.changed.notify_one();
    }

    /// Says that no more jobs come. Those in the queue are still handed out.
    fn close(&self) {
        self.waiting.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// Sleeps until there is a job, and takes the oldest. Returns `None` when the queue is closed and empty.
    fn next(&self) -> Option<Job> {
        let mut waiting = self.waiting.lock();
        // No wakeup is lost: `push` and `close` change what this looks at under the lock, which this thread
        // holds from its look until it is asleep, and notify after that. A thread that was awake may take
        // the job before the one that was notified; so that one looks again.
        loop {
            if let Some(job) = waiting.jobs.pop_front() {
                return Some(job);
            }
            if waiting.is_closed {
                return None;
            }
            self.changed.wait(&mut waiting);
        }
    }
}

/// A handle to the outcome of a job, which [`Pool::submit`] returns. It may be moved to another thread.
///
/// Dropping the handle detaches the job: it still runs. Its outcome, value or payload, is dropped at once,
/// by the one of the two that comes later: the end of the job, on its thread, or the drop of the handle. If
/// a destructor panics there, the panic goes no further: the pool does not lose a thread, and the drop of
/// the handle does not panic. The payload of that panic is leaked, because its destructor might panic, too.
/// All this also holds while the thread that drops the handle unwinds.
pub struct Handle<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Handle<T> {
    /// Sleeps until the job has ended, and returns what it returned. Returns at once if it has already
    /// ended, even if the pool has been dropped.
    ///
    /// Everything that the job did, including the drop of all that it owned, happens before `join` returns.
    ///
    /// A job may join another. Its thread is taken until then: if all threads of the pool wait for jobs
    /// that have not begun, they wait for ever.
    ///
    /// # Errors
    /// Returns the payload of the panic if the job has panicked: the very box that
    /// [`catch_unwind`](std::panic::catch_unwind) returns.
    pub fn join(self) -> thread::Result<T> {
        let mut state = self.shared.state.lock();
        // No wakeup is lost: `end` stores the outcome under the lock, which this thread holds from its look
        // until it is asleep. An outcome that is stored later finds it asleep, and notifies. A loop,
        // because a wakeup may be spurious.
        loop {
            if let Some(outcome) = state.outcome.take() {
                return outcome;
            }
            self.shared.ended.wait(&mut state);
        }
    }
}

impl<T> Drop for Handle<T> {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        state.is_abandoned = true;
        let outcome = state.outcome.take(); // `None` if it was joined, or has not ended
        drop(state);
        discard(outcome);
    }
}

/// What a job and its handle share.
struct Shared<T> {
    state: Mutex<State<T>>,
    /// `join` sleeps here until there is an outcome.
    ended: Condvar,
}

struct State<T> {
    /// `None` until the job has ended, and again when the handle has taken it.
    outcome: Option<thread::Result<T>>,
    /// Whether the handle is gone. Then nobody takes an outcome out of here, and so none may be put in: the
    /// last reference to `Shared` would drop it, where a panic is not caught.
    is_abandoned: bool,
}

impl<T> Shared<T> {
    /// Says that the job has ended. Does not panic.
    fn end(&self, outcome: thread::Result<T>) {
        let mut state = self.state.lock();
        if state.is_abandoned {
            drop(state);
            return discard(outcome);
        }
        state.outcome = Some(outcome);
        drop(state);
        // One handle, one thread that sleeps. `join` proves that it is not missed.
        self.ended.notify_one();
    }
}

/// Drops `value`, and stops a panic of its destructor.
fn discard<T>(value: T) {
    // Unwind safety: what was half dropped is out of reach.
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        // If this were dropped and its destructor panicked as well, there would be another payload to drop,
        // and so on.
        mem::forget(payload);
    }
}
