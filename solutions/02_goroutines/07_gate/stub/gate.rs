//! A start-up gate: it opens once, and then everybody may pass.

// Locks, atomics, threads: all from `crate::sync`, or the model checker does not see them. To begin with:
// use crate::sync::{Condvar, Mutex};
use crate::sync::time::{Clock, Duration};

/// Holds threads until it is opened, once and for good: what `close(ready)` does to those who receive from
/// `ready` in Go.
///
/// Whoever comes to a shut gate sleeps. [`open`](Self::open) lets all of them go, however many they are, and
/// whoever comes later passes without a stop. Threads share a gate by reference or in an `Arc`.
///
/// A [`Barrier`](std::sync::Barrier) opens by itself when enough threads have come, and shuts behind them. A
/// [`Condvar`](std::sync::Condvar) alone remembers nothing: who comes after the notification sleeps on. A
/// gate is a condition variable with a memory of one bit.
///
/// ```
/// use harness::sync::real::time::{Clock, Duration};
/// use std::thread;
///
/// let gate = Gate::new();
/// thread::scope(|s| {
///     s.spawn(|| {
///         gate.wait();
///         println!("the configuration is there");
///     });
///     s.spawn(|| {
///         if !gate.wait_timeout(&Clock::real(), Duration::from_secs(10)) {
///             println!("ten seconds, and no configuration");
///         }
///     });
///     println!("reading the configuration");
///     gate.open();
/// });
/// ```
pub struct Gate {
    // Your fields.
}

impl Gate {
    /// A gate that is shut.
    pub fn new() -> Self {
        todo!("make a gate that is shut")
    }

    /// Opens the gate for good: every thread that sleeps at it goes, and later ones do not stop. Opening a gate
    /// that is open changes nothing.
    pub fn open(&self) {
        todo!("open the gate and wake all who sleep at it")
    }

    /// Sleeps until the gate is open; returns at once if it is open already.
    ///
    /// It does not return before some thread has called [`open`](Self::open). All that the thread which opened
    /// the gate did before happens before the return.
    pub fn wait(&self) {
        todo!("sleep until the gate is open")
    }

    /// Sleeps until the gate is open, as [`wait`](Self::wait) does, but no longer than until `clock` has moved on
    /// by `timeout` since the call. Says whether the gate is open: `false` is the time-out.
    ///
    /// The gate comes before the clock. Where it is open at the call the answer is `true`, also if `timeout` is
    /// zero. And where it opened before the time had come the answer is `true`, however late this thread is
    /// to look: `false` means that the gate was shut at a moment at which the time had come. If it opens only
    /// after that, and before this call has returned, the answer may be either.
    ///
    /// The time runs from the call, and nothing extends it: neither a wakeup for no reason, however often, nor
    /// others that come and go. A time-out concerns nobody else, and leaves the gate as it was.
    ///
    /// # Panics
    /// If the end of the time-out is later than the clock can show.
    pub fn wait_timeout(&self, clock: &Clock, timeout: Duration) -> bool {
        todo!("sleep until the gate is open, or {clock:?} has moved on by {timeout:?}")
    }
}
