//! A once: a function that is run by the first caller, and for which all others wait.

// Locks, atomics, threads: all from `crate::sync`, or the model checker does not see them. To begin with:
// use crate::sync::Mutex;
// use crate::sync::atomic::{AtomicBool, Ordering};

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
    // Your fields.
}

impl Once {
    /// A once whose function has not been run.
    pub fn new() -> Self {
        todo!("make a once whose function has not been run")
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
    pub fn call_once(&self, f: impl FnOnce()) {
        let _ = f;
        todo!("run `f` if nobody has, and return when the one that was run has ended")
    }
}
