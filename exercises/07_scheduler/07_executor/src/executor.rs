//! Goroutines as futures: tasks that any number of threads run, each task when it has been woken.

// Locks, atomics, cells, futexes: all from `crate::sync`, or the model checker does not see them. What wakers are made of
// is in `crate::sync::task`, with std's `Arc`, which `Wake` asks for. To begin with:
// use crate::sync::task::{Arc, Context, Poll, Wake, Waker};
// use std::panic::{AssertUnwindSafe, catch_unwind};
use crate::sync::task::{Context, Poll};
use std::any::Any;
use std::pin::Pin;

/// Runs `future` on this thread, and sleeps whenever it is pending.
///
/// The future is polled once at first, and then once each time it has been woken since its last poll began: several
/// wakes before a poll are one. A wake during a poll counts, from any thread, and even if the future parks and unparks this
/// thread itself. (A permit of [`std::thread::park`] that is there between two polls may be used up.) A waker of an earlier
/// call wakes nothing.
///
/// ```
/// use executor::block_on;
/// assert_eq!(block_on(async { 6 * 7 }), 42);
/// ```
///
/// # Happens-before
/// What was done before a wake happens before the poll that follows it.
///
/// # Panics
/// As the future does.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let _future = future;
    todo!("poll the future, and sleep until its waker was woken, until it is ready")
}

/// Runs tasks, which are futures: on whatever threads call [`run`](Self::run) or
/// [`run_until_idle`](Self::run_until_idle). It has none of its own.
///
/// A task is polled once at first, and then once each time it has been woken since its last poll began. Woken tasks wait in
/// one queue, first in, first out. A task is polled by one thread at a time, though not always by the same one, and never
/// again after it has ended.
///
/// ```
/// use executor::Executor;
///
/// let executor = Executor::new();
/// let answer = executor.spawn(async { 6 * 7 });
/// let broken = executor.spawn(async { panic!("no answer") });
/// executor.run(async {
///     assert_eq!(answer.await.unwrap(), 42);
///     assert!(broken.await.is_err());
/// });
/// ```
///
/// # Happens-before
/// What was done before a spawn or a wake happens before the poll that follows it, and each poll of a task before its next
/// one.
///
/// # The end
/// The future of a task is dropped as soon as it is complete or has panicked, on the thread that polled it and before its
/// handle is ready. When the executor is dropped, so are all futures that are left, even if somebody keeps their wakers;
/// each is dropped before its handle is ready, which returns [`JoinError::Cancelled`], or [`JoinError::Panicked`] if that drop
/// panics. Waking a task that has ended does nothing.
///
/// A task that has an `Arc` of its own executor keeps it alive until the task ends.
///
/// # Locks
/// None is held while a future is polled, a waker is woken, or a future, an output or a waker is dropped: all of these may call
/// the executor and its handles. Wakers must not panic.
pub struct Executor {
    // Your fields. An executor must be `Send` and `Sync`.
    _yours: Option<Box<()>>,
}

impl Executor {
    /// Returns an executor without tasks.
    pub fn new() -> Self {
        todo!("make an empty queue, which tasks and wakers will share")
    }

    /// Makes `future` a task and puts it at the end of the queue. It runs whether its handle is awaited, kept or dropped.
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let _future = future;
        todo!("make a task of the future, queue it, and wake a thread that sleeps in `run`")
    }

    /// Runs tasks until `future`, which is polled on this thread, is complete, and returns what it returned. The thread
    /// sleeps while the future is pending and no task is queued.
    ///
    /// The future is polled at once, and then after each task, if it was woken: as long as tasks are queued, one is run
    /// between two polls. It may be polled without a wake.
    ///
    /// # Panics
    /// As the future does. Panics of tasks are not passed on, nor are those of the drops of their futures, of results that
    /// nobody wants, or of the payloads of such panics, which may be leaked.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        let _future = future;
        todo!("poll the future when it was woken, run tasks between, and sleep if there is neither")
    }

    /// Runs tasks until none is queued. Does not sleep: tasks that are pending, or running on another thread, are left.
    pub fn run_until_idle(&self) {
        todo!("run tasks until the queue is empty")
    }
}

/// A handle of a task, and a future that is ready when the task has ended. `T` is what the task's future returns.
///
/// Any thread may await it, on any executor; the waker of the last poll is woken. Dropping it detaches the task, which keeps
/// running; its result is dropped once, as soon as it exists and the handle is gone. A panic of that drop is lost.
///
/// What the task did, including the drop of its future, happens before the handle is ready, and before
/// [`is_finished`](Self::is_finished) returns true.
///
/// # Panics
/// If it is polled again after it was ready: "JoinHandle: polled after completion".
pub struct JoinHandle<T> {
    // Your fields. A handle is `Unpin` whatever `T` is, and `Send` and `Sync` if `T: Send`.
    _yours: Option<Box<T>>,
}

impl<T> JoinHandle<T> {
    /// Returns whether the task has ended: by returning, by a panic, or with its executor. Does not wait for it.
    pub fn is_finished(&self) -> bool {
        todo!("return whether there is a result, or was one")
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let _ = cx;
        todo!("take the result if there is one, or leave the waker for the end of the task")
    }
}

/// Why a task has no result.
#[derive(Debug)]
pub enum JoinError {
    /// Its future panicked, when it was polled or dropped. This is the payload, the very box that
    /// [`std::panic::catch_unwind`] returns; if it panicked both times, that of the poll.
    Panicked(Box<dyn Any + Send>),
    /// Its executor was dropped first, and the drop of its future did not panic.
    Cancelled,
}
