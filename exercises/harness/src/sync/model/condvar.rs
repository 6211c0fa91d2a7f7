use super::exploring;
use super::life::Life;
use super::recorder;
use super::{MutexGuard, WaitQueue};
use harness_report::place::Place;
use harness_report::record::{Effect, ObjectId, Value};
use std::panic::Location;
use std::sync::Arc;

/// A condition variable with the API of [`parking_lot::Condvar`], less the timed waits.
#[derive(Debug)]
pub struct Condvar {
    sleepers: Arc<WaitQueue>,
    /// What wait and notify have in common in loom's eyes. It never has waiters: its `notify_one` is a
    /// step that depends on every other one and synchronises with none.
    meeting: Arc<loom::sync::Condvar>,
    life: Life,
    id: ObjectId,
}

impl Condvar {
    /// A condition variable without waiters.
    #[track_caller]
    pub fn new() -> Self {
        let id = recorder::object("Condvar", Value::Int(0), Location::caller());
        Self {
            sleepers: Arc::default(),
            meeting: Arc::new(loom::sync::Condvar::new()),
            life: Life::of(id),
            id,
        }
    }

    /// [`new`](Self::new), with the name that the dry run calls it by. It has no counterpart in the real face:
    /// it is for what a model itself makes.
    #[track_caller]
    pub fn named(name: &str) -> Self {
        let this = Self::new();
        recorder::name(this.id, name);
        this
    }

    /// Unlocks the mutex and sleeps, in one step; locks it again before it returns. It may wake
    /// spuriously, so call it in a loop that checks the condition again.
    #[track_caller]
    pub fn wait<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>) {
        self.wait_at(guard, Location::caller());
    }

    /// Waits as long as `condition` holds.
    #[track_caller]
    pub fn wait_while<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) {
        let place = Location::caller();
        while guard.peek(&mut condition) {
            self.wait_at(guard, place);
        }
    }

    /// Wakes one waiter, if there is one, and returns whether there was. Which one is not promised: the model tries both
    /// the one that has slept longest and the one that fell asleep last.
    #[track_caller]
    pub fn notify_one(&self) -> bool {
        let place = Location::caller();
        let name = "notify_one";
        self.meet(name, place);
        // Once the waiters are awake, one of them may drop this.
        let id = self.id;
        let woken = self.sleepers.wake_one(id.pending(name, place));
        let any = !woken.is_empty();
        recorder::happened(Effect::Notify { name, woken }, Some(id), place);
        any
    }

    /// Wakes all waiters and returns how many there were.
    #[track_caller]
    pub fn notify_all(&self) -> usize {
        let place = Location::caller();
        let name = "notify_all";
        self.meet(name, place);
        // Once the waiters are awake, one of them may drop this.
        let id = self.id;
        let woken = self.sleepers.wake_all(id.pending(name, place));
        let count = woken.len();
        recorder::happened(Effect::Notify { name, woken }, Some(id), place);
        count
    }

    fn wait_at<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>, place: Place) {
        self.life.check("wait", place);
        guard.before_unlock();
        self.meet("wait", place);
        // The sleeper is woken without the condition variable, which may be gone by then.
        let sleepers = Arc::clone(&self.sleepers);
        let ticket = sleepers.enter();
        let mutex = guard.id();
        guard.unlocked_while(place, || {
            sleepers.sleep(ticket, "wait", Some(self.id), Some(mutex), None, place);
        });
        recorder::happened(Effect::Lock("lock"), Some(mutex), place);
    }

    fn meet(&self, name: &'static str, place: Place) {
        self.life.check(name, place);
        recorder::step(self.id.pending(name, place), || self.meeting.notify_one());
    }

    /// A step that meets those of a clock, too.
    pub(super) fn meet_with(&self, clock: &loom::sync::Condvar, name: &'static str, place: Place) {
        self.life.check(name, place);
        recorder::step(self.id.pending(name, place), || {
            self.meeting.notify_one();
            exploring::within_step(|| clock.notify_one());
        });
    }

    /// What a clock that ends a wait here has to meet.
    pub(super) fn meeting(&self) -> &Arc<loom::sync::Condvar> {
        &self.meeting
    }

    /// The waiters.
    pub(super) fn sleepers(&self) -> &Arc<WaitQueue> {
        &self.sleepers
    }

    /// The condition variable, in the record.
    pub(super) fn id(&self) -> ObjectId {
        self.id
    }
}

impl Default for Condvar {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}
