//! A start-up gate: it opens once, and then everybody may pass.

use crate::sync::time::{Clock, Duration};
use crate::sync::{Condvar, Mutex};

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
    /// From `false` to `true`, once. Whoever makes it `true` notifies `opened`.
    is_open: Mutex<bool>,
    /// Where threads sleep until `is_open`.
    opened: Condvar,
}

impl Gate {
    /// A gate that is shut.
    pub fn new() -> Self {
        Self {
            is_open: Mutex::new(false),
            opened: Condvar::new(),
        }
    }

    /// Opens the gate for good: every thread that sleeps at it goes, and later ones do not stop. Opening a gate
    /// that is open changes nothing.
    pub fn open(&self) {
        // The change is made under the lock: the proof in `wait` rests on it. The notification may come when
        // the lock is free again, and better does, for whoever is woken needs the lock first.
        *self.is_open.lock() = true;
        // All of them: no second opening will ever make up for those who are left out.
        self.opened.notify_all();
    }

    /// Sleeps until the gate is open; returns at once if it is open already.
    ///
    /// It does not return before some thread has called [`open`](Self::open). All that the thread which opened
    /// the gate did before happens before the return.
    pub fn wait(&self) {
        let mut is_open = self.is_open.lock();
        // No wakeup is lost. We hold the lock from our look at `is_open` until `Condvar::wait` has put us among
        // the sleepers, and it releases the lock in the same step. So whoever opens the gate has the lock
        // either before our look, and we see it, or when we sleep, and the `notify_all` that follows finds us.
        //
        // A loop, for the wakeup may be spurious.
        while !*is_open {
            self.opened.wait(&mut is_open);
        }
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
        // Once, and before the loop. A moment stays where it is; a duration begins anew each time it is used.
        let deadline = clock.now() + timeout;
        let mut is_open = self.is_open.lock();
        // No wakeup is lost, for the reason given in `wait`: `wait_until` sleeps and unlocks in one step, too.
        // The gate is looked at first, so if it is open the time has no say.
        while !*is_open {
            if clock.wait_until(&self.opened, &mut is_open, deadline) {
                // Who opens stores first and notifies afterwards. The time may come between the two, or when
                // we are awake and not yet at the lock: that it has come does not mean that nobody opened.
                return *is_open;
            }
        }
        true
    }
}
