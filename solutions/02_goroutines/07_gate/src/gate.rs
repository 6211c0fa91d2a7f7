//! A start-up gate: it opens once, and then every thread may pass.

use crate::sync::time::{Clock, Duration};
use crate::sync::{Condvar, Mutex};

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
    /// Changes from `false` to `true`, once. The call that makes it `true` notifies `opened`.
    is_open: Mutex<bool>,
    /// Threads sleep here until `is_open` is `true`.
    opened: Condvar,
}

impl Gate {
    /// Creates a gate that is shut.
    pub fn new() -> Self {
        Self {
            is_open: Mutex::new(false),
            opened: Condvar::new(),
        }
    }

    /// Opens the gate for good: releases every thread that sleeps at it, and later threads do not stop. If
    /// the gate is already open, nothing changes: what was done before it was first opened still happens
    /// before every return.
    pub fn open(&self) {
        // The change is made under the lock: the proof in `wait` depends on that. The notification comes
        // after the lock is released, because a woken thread needs the lock first.
        *self.is_open.lock() = true;
        // Notifies all: there is no second opening for a thread that is left out.
        self.opened.notify_all();
    }

    /// Sleeps until the gate is open. Returns at once if it is already open.
    ///
    /// Does not return before a thread has called [`open`](Self::open). Everything that the thread did
    /// before it opened the gate happens before the return.
    pub fn wait(&self) {
        let mut is_open = self.is_open.lock();
        // No wakeup is lost. This thread holds the lock from its check of `is_open` until `Condvar::wait`
        // has put it to sleep, which unlocks in the same step. So the gate is opened either before the
        // check, which then sees it open, or after this thread is asleep, and then the `notify_all` that
        // follows wakes it.
        //
        // A loop, because the wakeup may be spurious.
        while !*is_open {
            self.opened.wait(&mut is_open);
        }
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
        // Once, before the loop: a deadline stays the same, but a duration begins anew each time it is used.
        let deadline = clock.now() + timeout;
        let mut is_open = self.is_open.lock();
        // No wakeup is lost, as proved in `wait`: `wait_until` also sleeps and unlocks in one step. The
        // gate is checked first, so if it is open, the time does not matter.
        while !*is_open {
            if clock.wait_until(&self.opened, &mut is_open, deadline) {
                // `open` stores first and notifies afterwards. The deadline may come between the two, or
                // after this thread has been woken and before it has the lock. So the gate may be open even
                // if the deadline has passed.
                return *is_open;
            }
        }
        true
    }
}
