//! Timers: as many deadlines as there are, and one thread that sleeps until the earliest of them.

// `super` is the crate, or `model`, where this file is included a second time.
use super::channel::{self, Receiver, Sender};
use super::sync::time::{Clock, Duration, Instant};
use super::sync::{Arc, Condvar, Mutex, MutexGuard, thread};
use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

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
    shared: Arc<Shared>,
}

impl Timers {
    /// Creates an empty set of timers. It has no thread yet.
    pub fn new(clock: Clock) -> Self {
        Self {
            shared: Arc::new(Shared {
                clock,
                state: Mutex::new(State::default()),
                changed: Condvar::new(),
            }),
        }
    }

    /// Returns the clock that the timers go by.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Makes a timer that sends one tick, as soon as `delay` has passed and never before. With a zero delay
    /// it fires at once, without the clock having to advance. If the end of `delay` is later than the clock
    /// can show, it never fires.
    ///
    /// # Panics
    /// Panics if there is no thread yet and the operating system cannot create one. No timer is left then,
    /// and a later call tries again.
    pub fn after(&self, delay: Duration) -> Timer {
        self.timer(delay, None)
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
        require_period(period);
        self.timer(period, Some(period))
    }

    fn timer(&self, delay: Duration, period: Option<Duration>) -> Timer {
        let (sender, ticks) = channel::bounded(1);
        Timer {
            handle: Shared::add(&self.shared, delay, Action::Tick { sender, period }),
            ticks,
            is_ticker: period.is_some(),
        }
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
        Callback {
            handle: Shared::add(&self.shared, delay, Action::Call(Some(Box::new(f)))),
        }
    }
}

impl Drop for Timers {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        state.is_closed = true;
        state.queue.clear();
        let timers = mem::take(&mut state.timers);
        drop(state);
        self.shared.changed.notify_one();
        // Only now: the drop of what a callback owns may use a timer.
        drop(timers);
    }
}

/// A timer that sends ticks: each is what the clock showed when the timer fired. Made by [`Timers::after`]
/// and [`Timers::ticker`]. Dropping it stops it, and disconnects its channel.
#[must_use = "dropping a timer stops it"]
pub struct Timer {
    handle: Handle,
    ticks: Receiver<Instant>,
    is_ticker: bool,
}

impl Timer {
    /// Returns the receiver of the ticks. Clones of it receive from the same channel: each tick goes to one
    /// of them.
    pub fn ticks(&self) -> &Receiver<Instant> {
        &self.ticks
    }

    /// Stops the timer. When this has returned, no tick can be received: one that was sent and not yet
    /// received is taken back.
    ///
    /// Returns `true` if this call prevented a tick: either the timer fires, and its tick is received, or one
    /// call returns `true`. Returns `false` if there was nothing to prevent, because the tick had been
    /// received or the timer was stopped. A ticker has always a tick to come until it is stopped.
    pub fn stop(&self) -> bool {
        self.handle.stop(Some(&self.ticks)).1
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
        if self.is_ticker {
            require_period(delay);
        }
        self.handle.reset(Some(&self.ticks), delay)
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A timer that calls a function. Made by [`Timers::after_func`]. Dropping it stops it.
#[must_use = "dropping a callback stops it"]
pub struct Callback {
    handle: Handle,
}

impl Callback {
    /// Stops the timer. Does not wait for a call that has begun.
    ///
    /// Returns `true` if this prevented a call: either the function is called, or one call of `stop` returns
    /// `true`. Returns `false` if there was nothing to prevent, because the call has begun or is about to, or
    /// the timer was stopped.
    pub fn stop(&self) -> bool {
        self.handle.stop(None).1
    }

    /// Stops the timer as [`stop`](Self::stop) does, and starts it again with `delay` from now: the function
    /// will be called, even if it has been called before or is running now. Calls never overlap. Returns what
    /// `stop` would have returned.
    ///
    /// If the [`Timers`] have been dropped, the timer stays stopped.
    pub fn reset(&self, delay: Duration) -> bool {
        self.handle.reset(None, delay)
    }
}

fn require_period(period: Duration) {
    assert!(!period.is_zero(), "timer: period of zero");
}

/// What a [`Timer`] and a [`Callback`] have in common. Dropping it removes the timer.
struct Handle {
    shared: Arc<Shared>,
    id: u64,
}

impl Handle {
    /// Stops the timer, whose ticks arrive at `ticks` if it sends any. Returns the state, still locked, and
    /// whether there was something to prevent.
    fn stop(&self, ticks: Option<&Receiver<Instant>>) -> (MutexGuard<'_, State>, bool) {
        let mut state = self.shared.state.lock();
        let was_running = state.dequeue(self.id);
        // A tick is sent under this lock. So one that is not here by now has been received, and none can
        // follow.
        let was_unread = ticks.is_some_and(|ticks| ticks.try_recv().is_ok());
        (state, was_running || was_unread)
    }

    fn reset(&self, ticks: Option<&Receiver<Instant>>, delay: Duration) -> bool {
        // The lock is kept: the old deadline and the new one are never both there, and a `stop` beside this
        // finds one of them.
        let (mut state, was_stopped) = self.stop(ticks);
        if let Some(timer) = state.timers.get_mut(&self.id) {
            if let Action::Tick { period, .. } = &mut timer.action {
                *period = period.map(|_| delay);
            }
            self.shared.start(state, self.id, delay);
        }
        was_stopped
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        state.dequeue(self.id);
        let timer = state.timers.remove(&self.id);
        drop(state);
        // Only now: the drop of what a callback owns may use a timer.
        drop(timer);
    }
}

/// What the handles and the thread share.
struct Shared {
    clock: Clock,
    state: Mutex<State>,
    /// The thread sleeps here. It is notified of a deadline that is earlier than all others, and of the end.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Every timer that has a handle, by its number.
    timers: BTreeMap<u64, Entry>,
    /// The timers that are running, the earliest first. A binary heap would do if its entries could be
    /// removed from the middle: a timer that is stopped must not stay until its deadline.
    queue: BTreeSet<(Due, u64)>,
    /// How many timers have been made.
    made: u64,
    has_thread: bool,
    /// Whether the [`Timers`] have been dropped. `timers` and `queue` stay empty from then on.
    is_closed: bool,
}

struct Entry {
    /// Where it stands in the queue, if it is running.
    due: Option<Due>,
    action: Action,
}

/// When a timer fires. The order of the variants counts: never is later than every moment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    At(Instant),
    Never,
}

impl Due {
    fn after(now: Instant, delay: Duration) -> Self {
        now.checked_add(delay).map_or(Self::Never, Self::At)
    }
}

/// What a timer does when it fires.
enum Action {
    Tick {
        sender: Sender<Instant>,
        /// For a ticker.
        period: Option<Duration>,
    },
    /// `None` while the function runs.
    Call(Option<Box<dyn FnMut() + Send>>),
}

impl State {
    /// Puts a timer that is not running into the queue. Returns whether it is now the first there.
    fn enqueue(&mut self, id: u64, due: Due) -> bool {
        let timer = self.timers.get_mut(&id).expect("it has a handle");
        timer.due = Some(due);
        self.queue.insert((due, id));
        self.queue.first() == Some(&(due, id))
    }

    /// Takes a timer out of the queue. Returns whether it was there.
    fn dequeue(&mut self, id: u64) -> bool {
        let due = self.timers.get_mut(&id).and_then(|timer| timer.due.take());
        due.is_some_and(|due| self.queue.remove(&(due, id)))
    }
}

impl Shared {
    /// Makes a timer and starts it, and the thread if there is none.
    fn add(this: &Arc<Self>, delay: Duration, action: Action) -> Handle {
        let mut state = this.state.lock();
        if !state.has_thread {
            let shared = Arc::clone(this);
            let thread = thread::Builder::new().name("timers".to_owned());
            if let Err(error) = thread.spawn(move || shared.run()) {
                drop(state);
                panic!("timer: failed to spawn thread: {error}");
            }
            state.has_thread = true;
        }
        let id = state.made;
        state.made += 1;
        state.timers.insert(id, Entry { due: None, action });
        this.start(state, id, delay);
        Handle {
            shared: Arc::clone(this),
            id,
        }
    }

    /// Starts a timer that is not running, and unlocks the state.
    fn start(&self, mut state: MutexGuard<'_, State>, id: u64, delay: Duration) {
        let is_first = state.enqueue(id, Due::after(self.clock.now(), delay));
        drop(state);
        // If it is not the first, the thread wakes up in time anyway. And the thread need not hear of a timer
        // that is stopped: it wakes up once too often, and looks again.
        if is_first {
            self.changed.notify_one();
        }
    }

    /// What the thread does: fires the timers that are due, and sleeps until the next one is.
    fn run(&self) {
        let mut state = self.state.lock();
        // No wakeup is lost. Deadlines and `is_closed` change only under the lock, and this thread holds it
        // from its look at them until it is asleep. So a change comes either before the look, or when the
        // thread sleeps, and then `start` or the drop of `Timers` notifies it. A loop, because a wakeup may
        // be spurious, or too early because a timer was stopped.
        while !state.is_closed {
            let now = self.clock.now();
            state = match state.queue.first().copied() {
                Some((Due::At(moment), id)) if moment <= now => self.fire(state, id, moment, now),
                Some((Due::At(moment), _)) => {
                    let _ = self.clock.wait_until(&self.changed, &mut state, moment);
                    state
                }
                Some((Due::Never, _)) | None => {
                    self.changed.wait(&mut state);
                    state
                }
            }
        }
    }

    /// Fires the timer `id`, which was due at `moment`.
    fn fire<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        id: u64,
        moment: Instant,
        now: Instant,
    ) -> MutexGuard<'a, State> {
        state.dequeue(id);
        let timer = state
            .timers
            .get_mut(&id)
            .expect("what is queued has a handle");
        match &mut timer.action {
            Action::Tick { sender, period } => {
                let period = *period;
                // In one step with the removal from the queue: `stop` finds the timer there or its tick sent.
                // If the channel is full, its tick waits to be received and this one is dropped.
                let _ = sender.try_send(now);
                if let Some(period) = period {
                    state.enqueue(id, next(moment, period, now));
                }
                state
            }
            Action::Call(function) => {
                let function = function.take();
                let mut function = function.expect("only this thread takes it, and puts it back");
                drop(state);
                contain(&mut function);
                let mut state = self.state.lock();
                let Some(timer) = state.timers.get_mut(&id) else {
                    // The handle, or all, has been dropped in the meantime.
                    drop(state);
                    contain(|| drop(function));
                    return self.state.lock();
                };
                timer.action = Action::Call(Some(function));
                state
            }
        }
    }
}

/// The first deadline after `now` of a ticker that was due at `moment`, which is not later.
fn next(moment: Instant, period: Duration, now: Instant) -> Due {
    let since_the_last = (now - moment).as_nanos() % period.as_nanos();
    Due::after(now, period - Duration::from_nanos_u128(since_the_last))
}

/// Runs code that is not ours. Its panic must not end the thread that all timers need.
fn contain(f: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(f)) {
        // The drop of the payload is such code, too. If it panics, what it throws is never dropped.
        mem::forget(catch_unwind(AssertUnwindSafe(|| drop(panic))));
    }
}
