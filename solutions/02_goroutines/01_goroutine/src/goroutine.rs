//! A goroutine with a handle: `go` runs a function on its own thread, and the handle waits for its result.

use crate::sync::{Arc, Condvar, Mutex, thread};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `f` on a thread of its own, as Go's `go f()` does, and returns a handle to its result.
///
/// `go` does not wait for `f`; only [`JoinHandle::join`] does. When `main` returns, the process ends, even
/// if `f` is still running. What the caller did before `go` happens before `f` begins.
///
/// A panic of `f` ends `f` and nothing else. It becomes the result, which `join` returns.
///
/// When `f` has ended, its thread ends too, whether the handle is joined, dropped or kept.
///
/// ```
/// use goroutine::go;
///
/// let answer = go(|| 6 * 7);
/// assert_eq!(answer.join().unwrap(), 42);
///
/// let broken = go(|| -> u32 { panic!("no answer") });
/// assert_eq!(broken.join().unwrap_err().downcast_ref(), Some(&"no answer"));
/// ```
///
/// # Panics
/// Panics if the operating system cannot create a thread. Then `f` does not run; it is dropped.
// For the reports: they name the call of `go` as the place where the thread was spawned.
#[track_caller]
pub fn go<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let shared = Shared::new();
    let theirs = Arc::clone(&shared);
    let thread = thread::spawn(move || {
        // Unwind safety: `f` is consumed, so no one can see what a panic left half done inside it. Others
        // must guard what they share with `f` themselves, as with `std::thread::spawn`.
        let result = catch_unwind(AssertUnwindSafe(f));
        theirs.fill(result);
    });
    // Nothing joins the thread: its result goes into the slot.
    drop(thread);
    JoinHandle { shared }
}

/// A handle to the result of a function that [`go`] has started.
///
/// [`join`](Self::join) waits for the function, but [`std::thread::JoinHandle`] waits for the whole thread:
/// when `join` returns here, the thread may not have ended yet.
///
/// Dropping the handle detaches the function: it keeps running, and its result is lost. The result is
/// dropped once, as soon as it exists and the handle is gone.
///
/// A handle may be moved to another thread and joined there.
pub struct JoinHandle<T> {
    shared: Arc<Shared<T>>,
}

/// What the handle and the thread share. The last of the two to let go drops it, together with a result that
/// was not taken.
struct Shared<T> {
    /// `None` until `f` has ended, and again after `join` has taken the result. Filled once.
    slot: Mutex<Option<thread::Result<T>>>,
    /// `join` sleeps here until the slot is filled.
    filled: Condvar,
}

impl<T> Shared<T> {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            slot: Mutex::new(None),
            filled: Condvar::new(),
        })
    }

    fn fill(&self, result: thread::Result<T>) {
        *self.slot.lock() = Some(result);
        // Notify after the lock is released: the woken thread needs the lock. In between, `join` may see the
        // result, return and drop the handle; this thread's `Arc` keeps the condition variable alive. One
        // notification is enough, because there is one handle and `join` consumes it. `join` proves that the
        // notification is not missed.
        self.filled.notify_one();
    }
}

impl<T> JoinHandle<T> {
    /// Sleeps until `f` has ended, and returns what `f` returned. Returns at once if `f` has already ended.
    ///
    /// Everything that `f` did, including the drop of what it captured, happens before `join` returns.
    ///
    /// # Errors
    /// Returns the payload of the panic if `f` panicked: the very box that [`std::panic::catch_unwind`]
    /// returns.
    pub fn join(self) -> thread::Result<T> {
        let mut slot = self.shared.slot.lock();
        // No wakeup is lost. This thread holds the lock from its check of the slot until `Condvar::wait`
        // has put it to sleep, which unlocks in the same step. So `fill` stores either before the check,
        // which then finds the result, or after this thread is asleep, and then the notification, which
        // comes later still, wakes it.
        //
        // A loop, because a wakeup may be spurious: only the slot says whether there is a result.
        loop {
            if let Some(result) = slot.take() {
                return result;
            }
            self.shared.filled.wait(&mut slot);
        }
    }

    /// Returns whether `f` has ended, by returning or by panicking. Does not wait for `f`.
    ///
    /// `true` means that `join` returns at once; all later calls return `true` too. `false` may already be
    /// out of date when you read it, but not for long: soon after `f` has ended, every call returns `true`.
    /// Threads that share the handle may ask at the same time, and do not disturb each other.
    ///
    /// `true` says that `f` has ended, and no more: to read what `f` wrote, call `join` first.
    pub fn is_finished(&self) -> bool {
        self.shared.slot.lock().is_some()
    }
}
