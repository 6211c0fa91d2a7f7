//! A once: the first caller runs its function, and all other callers wait for it.

// Take locks, atomics and threads from `crate::sync`: the model checker sees no others. To begin with:
// use crate::sync::Mutex;
// use crate::sync::atomic::{AtomicBool, Ordering};

/// Runs a function once, and makes every caller wait until it has ended: Go's `sync.Once`.
///
/// Threads share a once by reference or in an `Arc`, and each passes a function to
/// [`call_once`](Self::call_once). One thread runs its function. The others wait until it has ended, and go
/// on as if they had run it themselves.
///
/// It differs from [`std::sync::Once`] in what a panic means: std's once is then poisoned, and every later
/// call panics. Here, as in Go, a function that has panicked has been run. Also, std's `new` is `const`, so
/// its once can be a `static`; this one is made at run time, like everything that the model checker
/// watches.
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
    /// Creates a once whose function has not been run.
    pub fn new() -> Self {
        todo!("make a once whose function has not been run")
    }

    /// Runs `f` if this is the first call on this once. Otherwise sleeps until the function of the first
    /// call has ended, and drops `f` without running it.
    ///
    /// Of all calls, however they overlap, exactly one is the first; it runs its function in its own
    /// thread. No call returns while the function runs, and everything that the function did happens before
    /// the return of every call. After the function has ended, calls do not sleep: each costs a single
    /// load, and the once keeps nothing of it.
    ///
    /// `f` may use other onces. If `f` calls the same once, that call waits for `f`, and `f` waits for the
    /// call: both sleep for ever, as in Go.
    ///
    /// If `f` is dropped without being run, what it owned may call the once, and that call returns. If it panics, so
    /// does the call that brought it, and no other.
    ///
    /// # Panics
    /// If `f` panics, the call that runs it panics with the same payload. A panic ends the function as a
    /// return does: the waiting calls return, later calls return at once, and no function runs again.
    pub fn call_once(&self, f: impl FnOnce()) {
        let _ = f;
        todo!("run `f` if this call is the first; otherwise sleep until the first `f` has ended")
    }
}
