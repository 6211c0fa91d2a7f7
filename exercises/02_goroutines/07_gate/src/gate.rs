//! A start-up gate: it opens once, and then every thread may pass.

// Take locks, atomics and threads from `crate::sync`: the model checker sees no others. To begin with:
// use crate::sync::{Condvar, Mutex};
use crate::sync::time::{Clock, Duration};

/// Holds threads until it is opened, once and for good: what `close(ready)` does for the goroutines that
/// receive from `ready` in Go.
///
/// A thread that comes to a shut gate sleeps. [`open`](Self::open) releases all of the sleepers, however
/// many there are, and a thread that comes later passes without stopping. Threads share a gate by reference
/// or in an `Arc`.
///
/// A [`Barrier`](std::sync::Barrier) opens by itself when enough threads have come, and shuts behind them.
/// A [`Condvar`](std::sync::Condvar) alone remembers nothing: a thread that comes after the notification
/// sleeps on. A gate is a condition variable with a memory of one bit.
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
    /// Creates a gate that is shut.
    pub fn new() -> Self {
        todo!("make a gate that is shut")
    }

    /// Opens the gate for good: releases every thread that sleeps at it, and later threads do not stop. If
    /// the gate is already open, nothing changes: what was done before it was first opened still happens
    /// before every return.
    pub fn open(&self) {
        todo!("open the gate and wake all threads that sleep at it")
    }

    /// Sleeps until the gate is open. Returns at once if it is already open.
    ///
    /// Does not return before a thread has called [`open`](Self::open). Everything that the thread did
    /// before it opened the gate happens before the return.
    pub fn wait(&self) {
        todo!("sleep until the gate is open")
    }

    /// Sleeps until the gate is open, as [`wait`](Self::wait) does, but at most until `clock` has advanced
    /// by `timeout` since the call. Returns whether the gate is open: `false` means a timeout. If it returns
    /// `true`, everything that the thread which opened the gate did before happens before the return.
    ///
    /// The gate takes precedence over the clock. If the gate is already open, returns `true`, even with a
    /// zero timeout. If the gate opens before the timeout has passed, also returns `true`, however late
    /// this thread checks: `false` means that the gate was shut at a moment when the timeout had passed. If
    /// the gate opens after that, but before this call has returned, the result may be either.
    ///
    /// The clock orders nothing between threads: if this call has seen the time, it has not therefore seen
    /// what another thread did before it advanced the clock.
    ///
    /// The timeout starts with the call, and nothing extends it: neither spurious wakeups, however many
    /// there are, nor other threads that come and go. A timeout does not affect other threads, and leaves
    /// the gate as it was. A gate keeps nothing of threads that have passed or timed out.
    ///
    /// # Panics
    /// Panics if the end of the timeout is later than the clock can represent. If the gate is already open,
    /// either is right: to panic, or to return `true`.
    pub fn wait_timeout(&self, clock: &Clock, timeout: Duration) -> bool {
        todo!("sleep until the gate is open, or {clock:?} has advanced by {timeout:?}")
    }
}
