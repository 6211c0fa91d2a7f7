//! Time that stands still until the program advances it, so that a timeout is one more interleaving.

use super::atomic::AtomicU32;
use super::meeting::Meeting;
use super::recorder::Turn;
use super::{Condvar, MutexGuard, WaitQueue, futex, recorder, thread};
pub use harness_report::instant::Instant;
use harness_report::place::Place;
use harness_report::record::{Effect, Ending, ObjectId, ThreadId, Value};
use parking_lot::Mutex;
use std::panic::Location;
use std::sync::Arc;
pub use std::time::Duration;

/// [`real::time::Clock`](crate::sync::real::time::Clock) under the model, where every clock is manual.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// What looking at the clock, waiting for it and advancing it have in common in loom's eyes. It never has
    /// waiters.
    meeting: loom::sync::Condvar,
    now: Mutex<Instant>,
    timers: Mutex<Vec<Timer>>,
    id: ObjectId,
}

/// A thread that sleeps until a moment, or until somebody else wakes it.
#[derive(Debug)]
struct Timer {
    deadline: Instant,
    thread: ThreadId,
    sleepers: Arc<WaitQueue>,
    /// What a notification of it has in common with an advance: see [`Clock::advance`].
    meeting: Option<Contested>,
}

/// What an advance has to meet besides the clock.
#[derive(Clone, Debug)]
enum Contested {
    Condvar(Arc<loom::sync::Condvar>),
    Word(Meeting),
}

// SAFETY: loom's part is only ever touched by the one operating-system thread that runs all threads of the model, and so are
// the counts of references to it.
unsafe impl Send for Contested {}
// SAFETY: see above.
unsafe impl Sync for Contested {}

impl Contested {
    /// As part of a step that has begun.
    fn meet(&self) {
        match self {
            Self::Condvar(meeting) => meeting.notify_one(),
            Self::Word(meeting) => meeting.write_as_well(recorder::current()),
        }
    }
}

impl Clock {
    /// Fails the model: its threads take no time.
    #[track_caller]
    pub fn real() -> Self {
        let place = Location::caller();
        recorder::over(Ending::Misuse(format!(
            "a model has no clock that runs, and {} asks for one. Code that is given a clock uses that one, \
             and a wait without a timeout needs none; a test makes one with `Clock::manual()`",
            harness_report::place::short(place)
        )))
    }

    /// A clock that stands at its beginning until [`advance`](Self::advance) moves it.
    #[track_caller]
    pub fn manual() -> Self {
        Self(Arc::new(Shared {
            meeting: loom::sync::Condvar::new(),
            now: Mutex::default(),
            timers: Mutex::default(),
            id: recorder::object("Clock", Value::Int(0), Location::caller()),
        }))
    }

    /// What it shows.
    #[track_caller]
    pub fn now(&self) -> Instant {
        let place = Location::caller();
        self.meet("now", place);
        let now = *self.0.now.lock();
        recorder::happened(Effect::Now(now), Some(self.0.id), place);
        now
    }

    /// Advances it, which ends the waits whose deadlines it reaches, the earliest first.
    #[track_caller]
    pub fn advance(&self, by: Duration) {
        let place = Location::caller();
        let name = "advance";
        self.meet(name, place);
        let now = {
            let mut now = self.0.now.lock();
            *now = *now + by;
            *now
        };
        // An advance and a notification race for the sleeper even if they have nothing else in common. Threads that
        // were notified and have not run yet count too: the advance might have been first.
        let contested: Vec<_> = {
            let timers = self.0.timers.lock();
            let due = timers.iter().filter(|timer| timer.deadline <= now);
            due.filter_map(|timer| timer.meeting.clone()).collect()
        };
        for meeting in contested {
            recorder::step_that(Turn::Stays, self.0.id.pending(name, place), || meeting.meet());
        }
        // A thread that was notified and has not run yet keeps its timer: it did not wait for the clock.
        let mut due: Vec<Timer> = self
            .0
            .timers
            .lock()
            .extract_if(.., |timer| timer.deadline <= now && timer.sleepers.has(timer.thread))
            .collect();
        due.sort_by_key(|timer| timer.deadline);
        let woken = due.iter().map(|timer| timer.thread).collect();
        recorder::happened(Effect::Advance { by, woken }, Some(self.0.id), place);
        for timer in due {
            timer.sleepers.wake(timer.thread, self.0.id.pending(name, place));
        }
    }

    /// Unlocks the mutex and sleeps on `condvar`, in one step, until `deadline` at the latest; locks it again before it
    /// returns. Returns whether the deadline is reached: `false` means a notification or a spurious wakeup.
    #[must_use = "whether the deadline is reached"]
    #[track_caller]
    pub fn wait_until<T: ?Sized>(
        &self,
        condvar: &Condvar,
        guard: &mut MutexGuard<'_, T>,
        deadline: Instant,
    ) -> bool {
        let place = Location::caller();
        let name = "wait_until";
        let mutex = guard.id();
        guard.before_unlock();
        // One step for both, so that neither a notification nor an advance can fall between.
        condvar.meet_with(&self.0.meeting, name, place);
        let late = *self.0.now.lock() >= deadline;
        let sleepers = Arc::clone(condvar.sleepers());
        let ticket = (!late).then(|| {
            let contested = Contested::Condvar(Arc::clone(condvar.meeting()));
            self.set_timer(deadline, &sleepers, Some(contested));
            sleepers.enter()
        });
        guard.unlocked_while(place, || match ticket {
            Some(ticket) => {
                sleepers.sleep(ticket, name, Some(condvar.id()), Some(mutex), None, place);
                // A spurious wakeup before an advance is not the same as being woken by it.
                self.meet(name, place);
            }
            None => recorder::happened(Effect::TooLate(name), Some(condvar.id()), place),
        });
        recorder::happened(Effect::Lock("lock"), Some(mutex), place);
        late || self.clear_timer()
    }

    /// [`park`](thread::park)s until `deadline` at the latest. Returns whether the deadline is reached, even if the thread was
    /// unparked by then.
    #[must_use = "whether the deadline is reached"]
    #[track_caller]
    pub fn park_until(&self, deadline: Instant) -> bool {
        let place = Location::caller();
        let name = "park_until";
        let by = self.0.id.pending(name, place);
        let parking = thread::parking();
        // One step for both, so that neither a token nor an advance can fall between.
        let has_token = parking.take_with(&self.0.meeting, by);
        let late = self.is_over(deadline);
        if has_token {
            recorder::happened(Effect::ParkReturns, None, place);
            return late;
        }
        if late {
            recorder::happened(Effect::TooLate(name), Some(self.0.id), place);
            return true;
        }
        let contested = Contested::Condvar(Arc::clone(&parking.meeting));
        self.set_timer(deadline, &parking.sleeper, Some(contested));
        let ticket = parking.sleeper.enter();
        let id = Some(self.0.id);
        parking.sleeper.sleep(ticket, name, id, None, None, place);
        parking.take_with(&self.0.meeting, by);
        self.clear_timer();
        self.is_over(deadline)
    }

    /// Sleeps if `*word` is `expected`, as [`futex::wait`] does, until `deadline` at the latest. Returns whether the deadline
    /// is reached, even if the thread was woken by then.
    #[must_use = "whether the deadline is reached"]
    #[track_caller]
    pub fn futex_wait_until(&self, word: &AtomicU32, expected: u32, deadline: Instant) -> bool {
        let place = Location::caller();
        let name = "futex_wait_until";
        let found = word.newest(name, place);
        // The same step.
        recorder::step_that(Turn::Stays, self.0.id.pending(name, place), || {
            self.0.meeting.notify_one();
        });
        let late = self.is_over(deadline);
        let value = Value::Int(expected.into());
        if found != expected {
            let effect = Effect::NoSleep { name, expected: value, found: Value::Int(found.into()) };
            recorder::happened(effect, Some(word.id()), place);
            return late;
        }
        if late {
            recorder::happened(Effect::TooLate(name), Some(word.id()), place);
            return true;
        }
        let sleepers = futex::queue(word);
        self.set_timer(deadline, &sleepers, Some(Contested::Word(word.meeting())));
        let ticket = sleepers.enter();
        sleepers.sleep(ticket, name, Some(word.id()), None, Some(value), place);
        self.meet(name, place);
        self.clear_timer();
        self.is_over(deadline)
    }

    /// Whether it shows `deadline` or later.
    fn is_over(&self, deadline: Instant) -> bool {
        *self.0.now.lock() >= deadline
    }

    /// Sleeps until the clock shows `deadline` or later.
    #[track_caller]
    pub fn sleep_until(&self, deadline: Instant) {
        let place = Location::caller();
        let name = "sleep_until";
        self.meet(name, place);
        if *self.0.now.lock() >= deadline {
            recorder::happened(Effect::TooLate(name), Some(self.0.id), place);
            return;
        }
        let sleepers = Arc::default();
        self.set_timer(deadline, &sleepers, None);
        let ticket = sleepers.enter_for_good();
        sleepers.sleep(ticket, name, Some(self.0.id), None, None, place);
    }

    fn set_timer(&self, deadline: Instant, sleepers: &Arc<WaitQueue>, meeting: Option<Contested>) {
        self.0.timers.lock().push(Timer {
            deadline,
            thread: recorder::current(),
            sleepers: Arc::clone(sleepers),
            meeting,
        });
    }

    /// Forgets this thread's timer. Says whether it had run out.
    fn clear_timer(&self) -> bool {
        let me = recorder::current();
        let mut timers = self.0.timers.lock();
        let before = timers.len();
        timers.retain(|timer| timer.thread != me);
        timers.len() == before
    }

    fn meet(&self, name: &'static str, place: Place) {
        recorder::step(self.0.id.pending(name, place), || self.0.meeting.notify_one());
    }
}
