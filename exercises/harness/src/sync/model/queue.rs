//! Threads of a model that sleep until another one wakes them.

use super::memory;
use super::recorder::{self, Turn};
use harness_report::place::Place;
use harness_report::record::{Effect, ObjectId, Pending, Standing, ThreadId, Value};
use loom::sync::Notify;
use parking_lot::Mutex;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

thread_local! {
    /// How to wake the thread that gets a second chance, once it has entered a queue: see [`recorder::SecondChance`].
    static SECOND_CHANCE: RefCell<Option<loom::thread::Thread>> = const { RefCell::new(None) };
}

/// Wakes `thread`, which sleeps in some queue, for no reason.
pub(crate) fn wake_for_no_reason(thread: ThreadId) {
    if let Some(handle) = SECOND_CHANCE.take() {
        woken(thread);
        handle.unpark();
    }
}

/// A queue of sleeping threads. One that is woken alone is the first or, in a search of its own, the last of them.
///
/// It needs no lock of the model and is no operation of the model: its user takes a step of its own
/// first, on an object that sleeper and waker share, and loom does not switch between that step and this.
/// What a waker did before it wakes is visible to the sleeper.
#[derive(Debug, Default)]
pub(crate) struct WaitQueue(Mutex<VecDeque<Sleeper>>);

#[derive(Debug)]
struct Sleeper {
    thread: ThreadId,
    alarm: Alarm,
}

/// How a sleeper is woken.
#[derive(Clone, Debug)]
enum Alarm {
    Unpark(loom::thread::Thread),
    /// Loom explores this one with and without a spurious return.
    Notify(Arc<Notify>),
}

/// An entry in the queue, made before what guards the queue is released.
#[must_use]
pub(crate) struct Ticket(Alarm);

impl WaitQueue {
    /// Enters the current thread, which may wake up spuriously. From here on a wake-up reaches it.
    pub(crate) fn enter(&self) -> Ticket {
        if recorder::may_wake_spuriously() {
            self.enter_with(Alarm::Notify(Arc::new(Notify::new())))
        } else {
            if recorder::has_second_chance() {
                SECOND_CHANCE.set(Some(loom::thread::current()));
            }
            self.enter_for_good()
        }
    }

    /// Enters the current thread until it is woken.
    pub(crate) fn enter_for_good(&self) -> Ticket {
        self.enter_with(Alarm::Unpark(loom::thread::current()))
    }

    fn enter_with(&self, alarm: Alarm) -> Ticket {
        self.0.lock().push_back(Sleeper { thread: recorder::current(), alarm: alarm.clone() });
        Ticket(alarm)
    }

    /// Sleeps until woken. The thread must have entered, and taken no step since but for unlocking the mutex
    /// `unlocks`. A futex's wait was told to expect the value `expected`.
    pub(crate) fn sleep(
        &self,
        ticket: Ticket,
        name: &'static str,
        object: Option<ObjectId>,
        unlocks: Option<ObjectId>,
        expected: Option<Value>,
        place: Place,
    ) {
        let me = recorder::current();
        recorder::with_log(|log| log.threads[me].standing = Standing::Asleep);
        recorder::happened(Effect::Sleeps { name, unlocks, expected }, object, place);
        let spurious = self.sleep_quietly(&ticket, name, object, place);
        recorder::with_log(|log| log.threads[me].standing = Standing::Running);
        recorder::happened(Effect::Wakes { name, spurious }, object, place);
    }

    /// [`sleep`](Self::sleep) without a trace in the record. Returns whether it woke up spuriously.
    pub(crate) fn sleep_quietly(
        &self,
        ticket: &Ticket,
        name: &'static str,
        object: Option<ObjectId>,
        place: Place,
    ) -> bool {
        let pending = Pending::new(name, object, place);
        let me = recorder::current();
        // Who has a token is not in the queue any more.
        let asleep = self.has(me);
        let parked = matches!(ticket.0, Alarm::Unpark(_)) && asleep;
        recorder::with_log(|log| log.threads[me].parked = parked);
        let turn = match ticket.0 {
            _ if asleep => Turn::Waits,
            Alarm::Unpark(_) => Turn::Stays,
            Alarm::Notify(_) => Turn::Runs,
        };
        recorder::step_that(turn, pending, || match &ticket.0 {
            Alarm::Unpark(_) => loom::thread::park(),
            Alarm::Notify(notify) => notify.wait(),
        });
        let spurious = self.leave(me);
        if spurious {
            recorder::woke_spuriously();
        }
        spurious
    }

    /// Takes `thread` out of the queue if it is still there: then it woke up spuriously.
    fn leave(&self, thread: ThreadId) -> bool {
        let mut sleepers = self.0.lock();
        let before = sleepers.len();
        sleepers.retain(|sleeper| sleeper.thread != thread);
        sleepers.len() < before
    }

    /// Wakes one thread, on behalf of the operation `by`, and returns it.
    pub(crate) fn wake_one(&self, by: Pending) -> Vec<ThreadId> {
        let one = {
            let mut sleepers = self.0.lock();
            if sleepers.len() > 1 && recorder::wakes_the_last() {
                sleepers.pop_back()
            } else {
                sleepers.pop_front()
            }
        };
        one.into_iter().map(|sleeper| sleeper.wake(by)).collect()
    }

    /// Whether `thread` sleeps here and has not been woken.
    pub(crate) fn has(&self, thread: ThreadId) -> bool {
        self.0.lock().iter().any(|sleeper| sleeper.thread == thread)
    }

    /// Wakes `thread`, if it sleeps here, on behalf of the operation `by`.
    pub(crate) fn wake(&self, thread: ThreadId, by: Pending) {
        let sleeper = {
            let mut sleepers = self.0.lock();
            let at = sleepers.iter().position(|sleeper| sleeper.thread == thread);
            at.and_then(|at| sleepers.remove(at))
        };
        if let Some(sleeper) = sleeper {
            sleeper.wake(by);
        }
    }

    /// Wakes all sleepers, on behalf of the operation `by`, and returns them.
    pub(crate) fn wake_all(&self, by: Pending) -> Vec<ThreadId> {
        let all = std::mem::take(&mut *self.0.lock());
        all.into_iter().map(|sleeper| sleeper.wake(by)).collect()
    }
}

impl Sleeper {
    fn wake(self, by: Pending) -> ThreadId {
        let thread = self.thread;
        woken(thread);
        match self.alarm {
            Alarm::Unpark(handle) => handle.unpark(),
            // Unlike an unpark, this lets other threads run first.
            Alarm::Notify(notify) => {
                // It is through with what the sleeper slept on, and the sleeper may drop that before this goes on.
                let by = Pending { object: None, ..by };
                recorder::step(by, || notify.notify());
            }
        }
        thread
    }
}

/// From here on `thread` does not sleep, and sees what the current one did.
fn woken(thread: ThreadId) {
    recorder::with_log(|log| {
        log.threads[thread].standing = Standing::Running;
        log.threads[thread].parked = false;
    });
    memory::wake(thread);
}
