//! Given: alarms, which are the timers of chapter 5, set to a moment and counted.

use crate::sync::time::{Clock, Instant};
use crate::timer;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Calls functions when a clock shows certain moments. All alarms share one thread, which starts with the first of them and
/// ends when this is dropped.
pub struct Timers {
    timers: timer::Timers,
    counts: Arc<Counts>,
}

/// How many alarms have been set, and how many of them are over.
#[derive(Default)]
struct Counts {
    set: AtomicUsize,
    over: AtomicUsize,
}

impl Timers {
    /// Timers that go by `clock`, and no thread yet.
    pub fn new(clock: Clock) -> Self {
        Self {
            timers: timer::Timers::new(clock),
            counts: Arc::default(),
        }
    }

    /// Returns the clock.
    pub fn clock(&self) -> &Clock {
        self.timers.clock()
    }

    /// Calls `f` on the timers' thread when the clock shows `deadline`, or soon, if it does so already. No lock is held
    /// meanwhile, and no other alarm is called.
    ///
    /// The clock is read to find out how much time is left. If it moves on before the timer is set, the call comes later by as
    /// much.
    ///
    /// # Panics
    /// Panics if there is no thread yet and the operating system refuses it. `f` has been dropped then, and the next call tries
    /// again.
    pub fn call_at(&self, deadline: Instant, f: impl FnOnce() + Send + 'static) -> Alarm {
        let mut f = Some(f);
        let counts = Arc::clone(&self.counts);
        let left = deadline.saturating_since(self.clock().now());
        let callback = self.timers.after_func(left, move || {
            let f = f.take().expect("an alarm is called once");
            counts.over.fetch_add(1, SeqCst);
            f();
        });
        self.counts.set.fetch_add(1, SeqCst);
        Alarm {
            callback,
            counts: Arc::clone(&self.counts),
        }
    }

    /// Returns how many alarms have been set so far. For tests.
    pub fn set(&self) -> usize {
        self.counts.set.load(SeqCst)
    }

    /// Returns how many alarms are set, and neither called nor stopped. For tests.
    pub fn pending(&self) -> usize {
        let over = self.counts.over.load(SeqCst);
        self.set().saturating_sub(over)
    }
}

/// A call that is to come. Made by [`Timers::call_at`]. Dropping it stops it, and drops the function.
#[must_use = "dropping an alarm stops it"]
pub struct Alarm {
    callback: timer::Callback,
    counts: Arc<Counts>,
}

impl Alarm {
    /// Stops the alarm. Does not wait for a call that has begun.
    ///
    /// Returns `true` if this prevented the call, and `false` if it has begun or is about to, or the alarm was stopped.
    pub fn stop(&self) -> bool {
        let is_prevented = self.callback.stop();
        if is_prevented {
            self.counts.over.fetch_add(1, SeqCst);
        }
        is_prevented
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.stop();
    }
}
