//! Timers: as many deadlines as there are, and one thread that sleeps until the earliest of them.

// `super` is the crate, except where another lesson includes this file a second time, for its models.
use super::channel::{self, Receiver, Sender};
use super::sync::time::{Clock, Duration, Instant};
use super::sync::{Arc, Condvar, Mutex, MutexGuard, thread};
use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Makes timers, all on one clock, and fires them.
///
/// All timers share one thread. It starts with the first timer, sleeps until the earliest deadline, however many there are,
/// and ends when this is dropped. Timers that are due at the same time fire in the order of their deadlines.
///
/// Dropping this stops all of its timers, whoever has their handles: no callback begins any more. It does not wait for one
/// that is running.
///
/// Go has one set of timers, that of the runtime.
pub struct Timers {
    shared: Arc<Shared>,
}

impl Timers {
    /// Makes a set without a timer, and without a thread.
    pub fn new(clock: Clock) -> Self {
        Self {
            shared: Arc::new(Shared {
                clock,
                state: Mutex::new(State::default()),
                changed: Condvar::new(),
            }),
        }
    }

    /// The clock on which the timers run.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Makes a timer that sends one tick when `delay` has passed, never before. A delay of zero has passed at once. One whose
    /// end the clock cannot show never passes, [`Duration::MAX`] for example.
    ///
    /// # Panics
    /// Panics if this is the first timer and the operating system cannot create a thread. Then there is no timer, and a
    /// later call tries again.
    pub fn after(&self, delay: Duration) -> Timer {
        self.timer(delay, None)
    }

    /// Makes a timer that sends a tick whenever another `period` has passed. At most one tick is kept for a reader that is
    /// slow: as long as nobody has received it, the later ones are dropped. If the clock has gone past several moments at
    /// once, one tick is sent for all of them, and the next is due at the first such moment that is still to come.
    ///
    /// # Panics
    /// Panics if `period` is zero, and as [`after`](Self::after) does.
    pub fn ticker(&self, period: Duration) -> Timer {
        require_period(period);
        self.timer(period, Some(period))
    }

    fn timer(&self, delay: Duration, period: Option<Duration>) -> Timer {
        let (sender, ticks) = channel::bounded(1);
        let action = Action::Send { sender, period };
        Timer {
            is_ticker: period.is_some(),
            handle: Shared::add(&self.shared, delay, action),
            ticks,
        }
    }

    /// Calls `f` when `delay` has passed, which is to be understood as in [`after`](Self::after).
    ///
    /// `f` runs on the thread of the timers, without a lock: it may make, stop, reset and drop timers, these too. While it
    /// runs, no other timer fires. Those that become due in the meantime fire when it has returned, so what takes long is to be
    /// handed on to another thread. A panic of `f` ends there, when the panic hook has reported it.
    ///
    /// # Panics
    /// Panics as [`after`](Self::after) does. `f` is dropped, then.
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
        // Only now: what callbacks own may use the timers when it is dropped.
        drop(timers);
    }
}

/// A timer that sends ticks: when it fires, it sends what the clock shows. Made by [`Timers::after`] and
/// [`Timers::ticker`]. Dropping it stops it.
#[must_use = "a timer is stopped when it is dropped"]
pub struct Timer {
    handle: Handle,
    ticks: Receiver<Instant>,
    is_ticker: bool,
}

impl Timer {
    /// Where the ticks arrive. A clone of it is another end of the same channel: a tick goes to one of the receivers. It is
    /// disconnected when the timer has been dropped.
    pub fn ticks(&self) -> &Receiver<Instant> {
        &self.ticks
    }

    /// Stops the timer: when this has returned, nothing is received from it. A tick that has been sent and not received yet is
    /// taken back.
    ///
    /// Returns `true` if this call is why a tick is not received. Returns `false` if there was none to prevent: it had been
    /// received, or the timer had been stopped. A ticker always has a next tick, until it is stopped.
    pub fn stop(&self) -> bool {
        self.handle.stop(Some(&self.ticks)).1
    }

    /// Stops the timer, and starts it again with another delay, from now on; a ticker with another period. Returns what
    /// [`stop`](Self::stop) would have returned. A tick that is received after this is due to the new delay. If the
    /// [`Timers`] have been dropped, the timer stays stopped.
    ///
    /// # Panics
    /// Panics if this is a ticker and `delay` is zero.
    pub fn reset(&self, delay: Duration) -> bool {
        if self.is_ticker {
            require_period(delay);
        }
        self.handle.reset(Some(&self.ticks), delay)
    }
}

/// A timer that calls a function. Made by [`Timers::after_func`]. Dropping it stops it.
#[must_use = "a callback is stopped when this is dropped"]
pub struct Callback {
    handle: Handle,
}

impl Callback {
    /// Stops the timer. Returns `true` if this call is why the function is not called. Returns `false` if there was no call to
    /// prevent: it had begun, or was about to, or the timer had been stopped. Does not wait for a call that has begun.
    pub fn stop(&self) -> bool {
        self.handle.stop(None).1
    }

    /// Stops the timer, and starts it again with another delay, from now on: the function is called once more, even if it has been
    /// called before. Two calls never overlap. Returns what [`stop`](Self::stop) would have returned. If the [`Timers`] have
    /// been dropped, the timer stays stopped.
    pub fn reset(&self, delay: Duration) -> bool {
        self.handle.reset(None, delay)
    }
}

fn require_period(period: Duration) {
    assert!(
        !period.is_zero(),
        "timer: a ticker's period must not be zero"
    );
}

/// What both kinds of timers are for their owners. Dropping it removes the timer.
struct Handle {
    shared: Arc<Shared>,
    id: u64,
}

impl Handle {
    /// Stops the timer. `ticks` is where its ticks arrive, if it has some. Returns the state, still locked, and whether there
    /// was something to prevent.
    fn stop(&self, ticks: Option<&Receiver<Instant>>) -> (MutexGuard<'_, State>, bool) {
        let mut state = self.shared.state.lock();
        let was_queued = state.dequeue(self.id);
        // Ticks are sent under this lock: one that is not here now has been received, and none can follow.
        let was_unread = ticks.is_some_and(|ticks| ticks.try_recv().is_ok());
        (state, was_queued || was_unread)
    }

    fn reset(&self, ticks: Option<&Receiver<Instant>>, delay: Duration) -> bool {
        // Still locked, so that nothing can be sent between the two.
        let (mut state, was_stopped) = self.stop(ticks);
        if let Some(timer) = state.timers.get_mut(&self.id) {
            if let Action::Send {
                period: Some(period),
                ..
            } = &mut timer.action
            {
                *period = delay;
            }
            self.shared.start(&mut state, self.id, delay);
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
        // Only now: what a callback owns may use the timers when it is dropped.
        drop(timer);
    }
}

/// What the handles and the thread have in common.
struct Shared {
    clock: Clock,
    state: Mutex<State>,
    /// The thread sleeps here. Is notified when there is an earlier deadline than the thread knows of, and when it has to end.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// All that have handles, by their numbers.
    timers: BTreeMap<u64, Entry>,
    /// Those that run, the earliest first: a heap from which every entry can be removed, not only the first.
    queue: BTreeSet<(Due, u64)>,
    /// How many there have been.
    made: u64,
    has_thread: bool,
    /// The [`Timers`] have been dropped. Nothing is in the queue from then on.
    is_closed: bool,
}

struct Entry {
    /// Where it is in the queue, if it runs.
    due: Option<Due>,
    action: Action,
}

/// When a timer fires. Ordered: what never comes is behind every moment.
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
    Send {
        sender: Sender<Instant>,
        /// For a ticker.
        period: Option<Duration>,
    },
    /// `None` while it is called.
    Call(Option<Box<dyn FnMut() + Send>>),
}

impl State {
    /// Removes the timer from the queue, and returns whether it was there.
    fn dequeue(&mut self, id: u64) -> bool {
        let Some(timer) = self.timers.get_mut(&id) else {
            return false;
        };
        let due = timer.due.take();
        if let Some(due) = due {
            self.queue.remove(&(due, id));
        }
        due.is_some()
    }

    /// Puts a timer that does not run into the queue. Returns whether it is the first there.
    fn enqueue(&mut self, id: u64, due: Due) -> bool {
        if let Some(timer) = self.timers.get_mut(&id) {
            timer.due = Some(due);
            self.queue.insert((due, id));
        }
        self.queue.first() == Some(&(due, id))
    }
}

impl Shared {
    /// Makes a timer and starts it.
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
        this.start(&mut state, id, delay);
        Handle {
            shared: Arc::clone(this),
            id,
        }
    }

    fn start(&self, state: &mut State, id: u64, delay: Duration) {
        let is_first = state.enqueue(id, Due::after(self.clock.now(), delay));
        // Otherwise the thread wakes up early enough by itself. After a stop it does so too early, and looks again.
        if is_first {
            self.changed.notify_one();
        }
    }

    /// The thread: fires what is due, and sleeps until the next is.
    fn run(&self) {
        let mut state = self.state.lock();
        // No wakeup is lost: the queue and `is_closed` change under the lock, and this thread holds it from its look at them
        // until it is asleep. A later change that concerns it notifies. A loop, because it may have been woken for nothing.
        while !state.is_closed {
            let now = self.clock.now();
            match state.queue.first().copied() {
                Some((Due::At(moment), id)) if moment <= now => {
                    state.queue.pop_first();
                    let timer = state.timers.get_mut(&id).expect("what runs has a handle");
                    timer.due = None;
                    match &mut timer.action {
                        Action::Send { sender, period, .. } => {
                            // If the last tick has not been received yet, this one is dropped. Sent under the lock, so that
                            // for `stop` a timer is either in the queue or has sent.
                            let _ = sender.try_send(now);
                            if let Some(period) = *period {
                                state.enqueue(id, next(moment, period, now));
                            }
                        }
                        Action::Call(function) => {
                            let function = function.take();
                            let mut function = function.expect("only this thread takes it");
                            drop(state);
                            contain(&mut function);
                            state = self.state.lock();
                            match state.timers.get_mut(&id) {
                                Some(timer) => timer.action = Action::Call(Some(function)),
                                None => {
                                    drop(state);
                                    contain(|| drop(function));
                                    state = self.state.lock();
                                }
                            }
                        }
                    }
                }
                Some((Due::At(moment), _)) => {
                    // Whether the moment has come is what the next turn looks at.
                    let _ = self.clock.wait_until(&self.changed, &mut state, moment);
                }
                Some((Due::Never, _)) | None => self.changed.wait(&mut state),
            }
        }
    }
}

/// The first moment in the rhythm of a ticker that is later than `now`; `moment` is one that is not.
fn next(moment: Instant, period: Duration, now: Instant) -> Due {
    let since_last = (now - moment).as_nanos() % period.as_nanos();
    Due::after(now, period - Duration::from_nanos_u128(since_last))
}

/// Runs code that is not ours. Its panic must not end the thread on which all timers stand.
fn contain(f: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(f)) {
        // Dropping a payload is such code, too. What that may throw is given up.
        mem::forget(catch_unwind(AssertUnwindSafe(|| drop(panic))));
    }
}
