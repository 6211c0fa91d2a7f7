//! A once: a function that is run by the first caller, and for which all others wait.

use crate::sync::Mutex;
use crate::sync::atomic::AtomicBool;
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// Runs a function once, whoever comes first, and lets nobody past before it has ended: Go's `sync.Once`.
///
/// Threads share a once by reference or in an `Arc`, and each passes [`call_once`](Self::call_once) the
/// function. One of them runs it; the others wait until it has ended, and go on as if they had run it
/// themselves.
///
/// It differs from [`std::sync::Once`] in what a panic means: there the once is poisoned and every later call
/// panics, here, as in Go, a function that has panicked has been run. And std's `new` is `const`, so that a
/// once can be a `static`; this one is made at run time, as everything is that the model checker watches.
///
/// ```
/// use std::thread;
///
/// let goodbye = Once::new();
/// thread::scope(|s| {
///     for thread in 0..3 {
///         let goodbye = &goodbye;
///         s.spawn(move || {
///             goodbye.call_once(|| println!("thread {thread} says goodbye"));
///             // Here it has been said.
///         });
///     }
/// });
/// ```
pub struct Once {
    /// Whether the function has ended, by return or by panic. Set once, by whoever holds `running`.
    done: AtomicBool,
    /// Held while the function runs, and by each that waits for it, for a moment.
    running: Mutex<()>,
}

impl Once {
    /// A once whose function has not been run.
    pub fn new() -> Self {
        Self {
            done: AtomicBool::new(false),
            running: Mutex::new(()),
        }
    }

    /// Runs `f` if this is the first call on this once. If it is not, sleeps until the function of the first
    /// call has ended, and drops `f` without running it.
    ///
    /// Of all calls, however they overlap, exactly one is the first; it runs its function in its own thread. No
    /// call returns while the function runs, and all that the function did happens before the return of every
    /// call. When it has ended, a call sleeps no more: it costs a single load, and nothing of it is kept.
    ///
    /// `f` may use other onces. A call on the same once from within `f` waits for `f`, which waits for the
    /// call: they sleep for ever, as in Go.
    ///
    /// # Panics
    /// If `f` panics, so does the call that runs it, with the same payload. A panic ends the function as a return
    /// does: whoever waits for it returns, later calls return at once, and nothing is run again.
    #[inline]
    pub fn call_once(&self, f: impl FnOnce()) {
        // Pairs with the Release in `SetOnDrop`: whoever reads true here has all that the function did.
        if !self.done.load(Acquire) {
            self.call_once_slow(f);
        }
    }

    /// Apart from `call_once`, so that what is inlined at every call is a load and a branch.
    #[cold]
    fn call_once_slow(&self, f: impl FnOnce()) {
        // Whoever comes while the function runs sleeps here, and nobody has to be woken but by the unlock.
        let _running = self.running.lock();
        // The second look: another may have run its function between our first look and the lock. Relaxed,
        // because the flag is set under the lock: by whoever held it before us, and then that unlock happens
        // before our lock, or not yet, and then nobody can set it but us.
        if self.done.load(Relaxed) {
            return;
        }
        // Locals are dropped in reverse order, when `f` returns and when it panics: first the flag is set, then
        // the lock is released. The other way round, the next to get the lock would find the flag still down.
        let _done = SetOnDrop(&self.done);
        f();
    }
}

/// Raises the flag when it is dropped, be it by the unwinding of a panic.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        // Pairs with the Acquire in `call_once`. Those who come by way of the lock do not need it.
        self.0.store(true, Release);
    }
}
