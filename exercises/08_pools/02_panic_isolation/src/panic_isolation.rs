//! A pool of threads in which a panic stays with its job: the pool keeps its size, and the job's handle
//! gets the payload.

// Take locks and threads from `crate::sync`, or channels: the model checker sees no others. To begin with:
// use crate::sync::{Arc, Condvar, Mutex};
// use std::panic::{AssertUnwindSafe, catch_unwind};
use crate::sync::thread;
use std::io;
use std::marker::PhantomData;

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
    // Your fields.
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
        let _ = threads;
        todo!(
            "start the threads, which take jobs from a queue until the pool is gone and the queue is empty"
        )
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
        let _ = job;
        todo!("put the job into the queue, with a place for its outcome that the handle shares")
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        todo!("let the threads end, when they have run what is in the queue")
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
    // Your fields, in place of this one.
    outcome: PhantomData<T>,
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
        todo!("sleep until there is an outcome, and take it")
    }
}

impl<T> Drop for Handle<T> {
    fn drop(&mut self) {
        let _ = self.outcome;
        todo!("drop the outcome, or see to it that the job does, and let no panic out")
    }
}
