//! Timers: as many deadlines as there are, and one thread that sleeps until the earliest of them.

// Take locks, threads and time from `crate::sync`: the model checker sees no others. To begin with:
// use crate::channel::{self, Sender};
// use crate::sync::{Arc, Condvar, Mutex, thread};
use crate::channel::Receiver;
use crate::sync::time::{Clock, Duration, Instant};

/// Makes timers on one clock, and fires them.
///
/// All timers share one thread: it starts with the first timer and sleeps until the earliest deadline. Timers that are due at
/// the same time fire in the order of their deadlines.
///
/// Dropping this stops all of its timers, even if their handles live on, drops their functions and ends the thread. No
/// callback begins after that unless the thread was already about to call it, and the drop does not wait for one that is
/// running: that is dropped when it returns.
///
/// Go has one set of timers, that of the runtime.
///
/// ```
/// use harness::sync::real::time::{Clock, Duration};
///
/// let timers = Timers::new(Clock::real());
/// let timeout = timers.after(Duration::from_millis(20));
/// let warning = timers.after_func(Duration::from_millis(10), || println!("halfway"));
/// let fired_at = timeout.ticks().recv().expect("the timer is still there");
/// println!("timed out at {fired_at}");
/// assert!(!warning.stop(), "it has been called");
/// ```
pub struct Timers {
    // Your fields.
}

impl Timers {
    /// Creates an empty set of timers. It has no thread yet.
    pub fn new(clock: Clock) -> Self {
        todo!("make a set without timers on {clock:?}, without a thread")
    }

    /// Returns the clock that the timers go by.
    pub fn clock(&self) -> &Clock {
        todo!("return the clock")
    }

    /// Makes a timer that sends one tick, as soon as `delay` has passed and never before. With a zero delay
    /// it fires at once, without the clock having to advance. If the end of `delay` is later than the clock
    /// can show, it never fires.
    ///
    /// # Panics
    /// Panics if there is no thread yet and the operating system cannot create one. No timer is left then,
    /// and a later call tries again.
    pub fn after(&self, delay: Duration) -> Timer {
        todo!(
            "make a timer that sends one tick after {delay:?}, and start the thread if there is none"
        )
    }

    /// Makes a timer that sends a tick whenever another `period` has passed.
    ///
    /// At most one tick waits to be received: while one does, new ticks are dropped. If several periods have
    /// passed before the timer could fire, it sends one tick for all of them, however many. It keeps its
    /// rhythm: every deadline is a multiple of `period` after the call, however late a tick was.
    ///
    /// # Panics
    /// Panics if `period` is zero, and where [`after`](Self::after) does.
    pub fn ticker(&self, period: Duration) -> Timer {
        todo!("make a timer that sends a tick whenever {period:?} have passed")
    }

    /// Makes a timer that calls `f` when `delay` has passed. What [`after`](Self::after) says of delays holds
    /// here, too.
    ///
    /// `f` runs on the timers' thread and holds no lock: it may make, stop, reset and drop timers, its own
    /// included, and while it runs other threads may do the same without waiting for it. No other timer fires
    /// in the meantime; those that become due fire when `f` has returned. So hand work that takes long to
    /// another thread. If `f` panics, the panic hook reports it, and the timers go on, even if the drop of the
    /// payload panics.
    ///
    /// # Panics
    /// Panics where [`after`](Self::after) does. Then `f` has been dropped.
    pub fn after_func(&self, delay: Duration, f: impl FnMut() + Send + 'static) -> Callback {
        let _ = f;
        todo!("make a timer that calls the function after {delay:?}")
    }
}

/// A timer that sends ticks: each is what the clock showed when the timer fired. Made by [`Timers::after`]
/// and [`Timers::ticker`]. Dropping it stops it, and disconnects its channel.
#[must_use = "dropping a timer stops it"]
pub struct Timer {
    // Your fields.
}

impl Timer {
    /// Returns the receiver of the ticks. Clones of it receive from the same channel: each tick goes to one
    /// of them.
    pub fn ticks(&self) -> &Receiver<Instant> {
        todo!("return the receiver of the ticks")
    }

    /// Stops the timer. When this has returned, no tick can be received: one that was sent and not yet
    /// received is taken back.
    ///
    /// Returns `true` if this call prevented a tick: either the timer fires, and its tick is received, or one
    /// call returns `true`. Returns `false` if there was nothing to prevent, because the tick had been
    /// received or the timer was stopped. A ticker has always a tick to come until it is stopped.
    pub fn stop(&self) -> bool {
        todo!("stop the timer, and say whether something was prevented")
    }

    /// Stops the timer as [`stop`](Self::stop) does, and starts it again with `delay` from now; for a ticker,
    /// that is its new period. No tick of the old deadline is received after this. Returns what `stop` would
    /// have returned.
    ///
    /// If the [`Timers`] have been dropped, the timer stays stopped.
    ///
    /// # Panics
    /// Panics if the timer is a ticker and `delay` is zero. The ticker goes on as before.
    pub fn reset(&self, delay: Duration) -> bool {
        todo!("stop the timer, and start it with {delay:?} in the same step")
    }
}

/// A timer that calls a function. Made by [`Timers::after_func`]. Dropping it stops it.
#[must_use = "dropping a callback stops it"]
pub struct Callback {
    // Your fields.
}

impl Callback {
    /// Stops the timer. Does not wait for a call that has begun.
    ///
    /// Returns `true` if this prevented a call: either the function is called, or one call of `stop` returns
    /// `true`. Returns `false` if there was nothing to prevent, because the call has begun or is about to, or
    /// the timer was stopped.
    pub fn stop(&self) -> bool {
        todo!("stop the timer, and say whether something was prevented")
    }

    /// Stops the timer as [`stop`](Self::stop) does, and starts it again with `delay` from now: the function
    /// will be called, even if it has been called before or is running now. Calls never overlap. Returns what
    /// `stop` would have returned.
    ///
    /// If the [`Timers`] have been dropped, the timer stays stopped.
    pub fn reset(&self, delay: Duration) -> bool {
        todo!("stop the timer, and start it with {delay:?} in the same step")
    }
}
