//! A goroutine with a handle: `go` runs a function on a thread of its own, and the handle waits for its result.

use crate::sync::{Arc, Condvar, Mutex, thread};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `f` on a thread of its own, as Go's `go f()` does, and returns a handle to its result.
///
/// `go` does not wait for `f`, and nothing else does but [`JoinHandle::join`]: when `main` returns the process
/// ends, with whatever still runs. What the caller did before `go` happens before `f` begins.
///
/// A panic of `f` ends `f` and nothing else. It becomes a result, which `join` hands out.
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
/// If the operating system refuses to make a thread.
// For the reports: a thread counts as spawned where `go` was called.
#[track_caller]
pub fn go<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let shared = Shared::new();
    let theirs = Arc::clone(&shared);
    let thread = thread::spawn(move || {
        // Asserted: `f` is consumed, so nobody can look at what a panic left half done inside it. What it shares
        // with others is theirs to guard, as it is with `std::thread::spawn`.
        let result = catch_unwind(AssertUnwindSafe(f));
        theirs.fill(result);
    });
    // The thread needs nobody to join it: what it leaves is in the slot.
    drop(thread);
    JoinHandle { shared }
}

/// A handle to the result of a function that [`go`] has started.
///
/// It waits for the function, where [`std::thread::JoinHandle`] waits for the whole thread: when
/// [`join`](Self::join) returns here, the thread may still be on its way out.
///
/// Dropping the handle detaches the function: it runs on, and nobody learns what became of it. Its result is
/// dropped, once, as soon as there is a result and the handle is gone, whichever comes last.
///
/// A handle may be moved to another thread and joined there.
pub struct JoinHandle<T> {
    shared: Arc<Shared<T>>,
}

/// What the handle and the thread have in common. The last of the two to let go drops it, and with it a result
/// that nobody has taken.
struct Shared<T> {
    /// `None` until `f` has ended, and again after `join` has taken the result. Filled once.
    slot: Mutex<Option<thread::Result<T>>>,
    /// Where `join` sleeps until the slot is filled.
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
        // The lock is free again: whoever is woken needs it first. In between `join` may see the result, return
        // and drop the handle; the condition variable is still there, because this thread holds on to it.
        // One, because there is one handle and `join` consumes it. `join` shows why the notification is not
        // missed.
        self.filled.notify_one();
    }
}

impl<T> JoinHandle<T> {
    /// Sleeps until `f` has ended, and returns what it returned; returns at once if `f` has ended already.
    ///
    /// All that `f` did, and the dropping of what it captured, happens before `join` returns.
    ///
    /// # Errors
    /// If `f` panicked: the payload of the panic, the very box that [`std::panic::catch_unwind`] gives.
    pub fn join(self) -> thread::Result<T> {
        let mut slot = self.shared.slot.lock();
        // No wakeup is lost. We hold the lock from our look at the slot until `Condvar::wait` has put us to
        // sleep, which unlocks in the same step. So `fill` stores either before our look, and then we find the
        // result, or after we fell asleep, and then its notification, later still, finds us.
        //
        // A loop, because a wakeup may be spurious: only the slot says that there is a result.
        loop {
            if let Some(result) = slot.take() {
                return result;
            }
            self.shared.filled.wait(&mut slot);
        }
    }

    /// Whether `f` has ended, by returning or by a panic. Does not wait for it.
    ///
    /// `true` means that `join` returns at once, and it stays `true`. `false` may be out of date when you read it,
    /// but not for long: after `f` has ended, every call soon says `true`.
    ///
    /// It says that `f` has ended, and no more: what `f` wrote is yours to read after `join`.
    pub fn is_finished(&self) -> bool {
        self.shared.slot.lock().is_some()
    }
}
