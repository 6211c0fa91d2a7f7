use super::WaitQueue;
use super::life::Life;
use super::memory::Edge;
use super::recorder::{self, Turn};
use super::shown::shown;
use harness_report::place::Place;
use harness_report::record::{Data, Effect, Ending, ObjectId, Pending, Shown, ThreadId, Value};
use std::cell::{Cell, UnsafeCell};
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::thread::panicking;
use std::{fmt, mem, ops};

/// Loom's lock without data: what a [`Mutex`] is locked by.
type RawGuard<'a> = loom::sync::MutexGuard<'a, ()>;

/// A mutex with the API of [`parking_lot::Mutex`]: no poisoning, and `lock` gives the guard.
///
/// It stands on loom's, which falls short twice. Loom makes a thread that is about to try the lock wait until
/// it is free, so the attempt never fails. And it keeps a mutex of std's, which is poisoned if a guard is
/// dropped while a panic unwinds, even in another thread: to std all threads of a model are one. Such a mutex
/// cannot be locked again.
///
/// A program that tries either is explored again, without loom's lock: there the mutex queues its waiters
/// itself. See `OwnLock`.
pub struct Mutex<T: ?Sized> {
    raw: loom::sync::Mutex<()>,
    /// From each holder to the next.
    handed_on: Edge,
    /// Whether `raw` was unlocked while a panic unwound, so that loom cannot lock it again.
    poisoned: Cell<bool>,
    own_lock: Option<OwnLock>,
    life: Life,
    id: ObjectId,
    /// Part of another type of the facade, which speaks for it in the record.
    quiet: bool,
    data: UnsafeCell<T>,
}

// SAFETY: as for any mutex, the data moves between threads and is reached by one at a time. Loom's part is
// only ever touched by the one operating-system thread that runs all threads of the model.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: see above.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

/// What decides who is next in place of loom's lock. Who holds the mutex stands in the record.
struct OwnLock {
    /// What locking, trying and unlocking have in common for loom's eyes: a step that depends on every other
    /// one and synchronises with none. It never has waiters.
    meeting: loom::sync::Condvar,
    waiting: WaitQueue,
}

fn unlocks_must_be_steps() -> Ending {
    Ending::UnlocksMustBeSteps { unwinding: panicking() }
}

/// Gives access to the data of a [`Mutex`] and unlocks it when dropped.
#[must_use = "if unused the mutex unlocks at once"]
pub struct MutexGuard<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    /// `None` if the mutex has a lock of its own, and for good once the guard is given back.
    raw: Option<RawGuard<'a>>,
    locked: Place,
    /// The data when the mutex was locked, if it can be shown.
    found: Option<Shown>,
    borrowed_mutably: bool,
    /// What the holder has said.
    said: Vec<&'static str>,
}

// SAFETY: a shared guard gives out `&T` and nothing else.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}

impl<T> Mutex<T> {
    /// An unlocked mutex around `value`.
    #[track_caller]
    pub fn new(value: T) -> Self {
        let id = recorder::object("Mutex", Value::Int(0), Location::caller());
        let own_lock = recorder::session().unlocks_are_steps.then(|| OwnLock {
            meeting: loom::sync::Condvar::new(),
            waiting: WaitQueue::default(),
        });
        Self {
            raw: loom::sync::Mutex::new(()),
            handed_on: Edge::default(),
            poisoned: Cell::new(false),
            own_lock,
            life: Life::of(id),
            id,
            quiet: false,
            data: UnsafeCell::new(value),
        }
    }

    /// [`new`](Self::new), with the name that the dry run calls it by. It has no counterpart in the real
    /// face: it is for what a model itself makes.
    #[track_caller]
    pub fn named(name: &str, value: T) -> Self {
        let this = Self::new(value);
        recorder::name(this.id, name);
        this
    }

    /// A mutex that serves the object `id` and leaves no trace of its own.
    pub(super) fn within(id: ObjectId, value: T) -> Self {
        Self {
            raw: loom::sync::Mutex::new(()),
            handed_on: Edge::default(),
            poisoned: Cell::new(false),
            own_lock: None,
            life: Life::within(id),
            id,
            quiet: true,
            data: UnsafeCell::new(value),
        }
    }

    /// Takes the data out.
    pub fn into_inner(self) -> T {
        self.data.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits until the mutex is free and locks it.
    #[track_caller]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        let place = Location::caller();
        let raw = self.acquire("lock", place);
        recorder::happened(Effect::Lock("lock"), Some(self.id), place);
        self.guard(raw, place)
    }

    /// Locks the mutex if it is free now.
    #[track_caller]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        let place = Location::caller();
        self.life.check("try_lock", place);
        if self.own_lock.is_none() {
            recorder::over(unlocks_must_be_steps());
        }
        let name = "try_lock";
        self.meet(name, place);
        let ok = self.holder().is_none();
        let effect = Effect::TryLock { name, ok };
        recorder::happened(effect, Some(self.id), place);
        ok.then(|| {
            self.note_holder(place);
            self.handed_on.acquire();
            self.guard(None, place)
        })
    }

    /// A plain reference: `&mut self` proves that the lock is free.
    pub fn get_mut(&mut self) -> &mut T {
        self.data.get_mut()
    }

    /// Locks without a word, in the name of the operation of another type.
    pub(super) fn quiet_lock(&self, name: &'static str, place: Place) -> MutexGuard<'_, T> {
        let raw = self.acquire(name, place);
        self.guard(raw, place)
    }

    /// Waits for the lock, on behalf of `name`, which may be a condition variable's `wait`.
    fn acquire(&self, name: &'static str, place: Place) -> Option<RawGuard<'_>> {
        self.life.check(name, place);
        let Some(own_lock) = &self.own_lock else {
            self.note_wait(name, place);
            let pending = Pending { locks: !self.quiet, ..self.id.pending(name, place) };
            let turn = if self.holder().is_some() { Turn::Waits } else { Turn::Runs };
            let raw = recorder::step_that(turn, pending, || {
                // A thread that waits already learns of the poison by a panic.
                let locked = catch_unwind(AssertUnwindSafe(|| {
                    (!self.poisoned.get()).then(|| self.raw.lock())
                }));
                match locked {
                    Ok(Some(raw)) => Some(raw.expect("loom's lock panics if it is poisoned")),
                    _ if self.poisoned.get() => recorder::over(unlocks_must_be_steps()),
                    Ok(None) => unreachable!("it is not poisoned"),
                    Err(payload) => resume_unwind(payload),
                }
            });
            self.handed_on.acquire();
            return raw;
        };
        loop {
            self.meet(name, place);
            if self.holder().is_none() {
                break;
            }
            self.note_wait(name, place);
            let ticket = own_lock.waiting.enter_for_good();
            own_lock.waiting.sleep_quietly(&ticket, name, Some(self.id), place);
        }
        self.note_holder(place);
        self.handed_on.acquire();
        None
    }

    /// A step of the mutex's own lock, if it has one.
    fn meet(&self, name: &'static str, place: Place) {
        if let Some(own_lock) = &self.own_lock {
            recorder::step(self.id.pending(name, place), || own_lock.meeting.notify_one());
        }
    }

    fn note_wait(&self, name: &'static str, place: Place) {
        if let Some(holder) = self.holder() {
            let holders = vec![holder];
            recorder::happened(Effect::LockWaits { name, holders }, Some(self.id), place);
        }
    }

    fn note_holder(&self, locked: Place) {
        let me = recorder::current();
        if !self.quiet {
            recorder::with_object(self.id, |mutex| mutex.holders = vec![(me, locked)]);
        }
    }

    /// The thread that holds the lock. `None` for a quiet mutex, which no thread ever waits for.
    fn holder(&self) -> Option<ThreadId> {
        if self.quiet {
            return None;
        }
        recorder::with_object(self.id, |mutex| mutex.holders.first().map(|&(thread, _)| thread))
    }

    fn guard<'a>(&'a self, raw: Option<RawGuard<'a>>, locked: Place) -> MutexGuard<'a, T> {
        self.note_holder(locked);
        let mut guard = MutexGuard {
            mutex: self,
            raw,
            locked,
            found: None,
            borrowed_mutably: false,
            said: Vec::new(),
        };
        guard.look();
        guard
    }
}

impl<T: Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mutex").finish_non_exhaustive()
    }
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// The mutex that the guard locks.
    pub fn mutex(this: &Self) -> &'a Mutex<T> {
        this.mutex
    }

    /// Says what has been done with the data: dry runs show it where the lock is given back. For code that is given and
    /// whose data a reader does not know, such as a channel's.
    pub fn says(this: &mut Self, what: &'static str) {
        this.said.push(what);
    }

    /// The mutex, in the record.
    pub(super) fn id(&self) -> ObjectId {
        self.mutex.id
    }

    /// Unlocks, runs `f`, and locks again, whether `f` returns or panics.
    #[track_caller]
    pub fn unlocked<F, U>(s: &mut Self, f: F) -> U
    where
        F: FnOnce() -> U,
    {
        struct Relock<'s, 'a, T: ?Sized>(&'s mut MutexGuard<'a, T>, Place);

        impl<T: ?Sized> Drop for Relock<'_, '_, T> {
            fn drop(&mut self) {
                let Self(guard, place) = self;
                guard.raw = guard.mutex.acquire("lock", place);
                recorder::happened(Effect::Lock("lock"), Some(guard.mutex.id), place);
                guard.mutex.note_holder(place);
                guard.locked = place;
                guard.look();
            }
        }

        s.before_unlock();
        s.release();
        recorder::happened(Effect::Unlock("unlock"), Some(s.mutex.id), s.locked);
        let _relock = Relock(s, Location::caller());
        f()
    }

    /// Unlocks, lets `sleep` pass, and locks again: the heart of a condition variable's wait. Nothing happens
    /// between the unlocking and the first step that `sleep` takes. The caller has called
    /// [`before_unlock`](Self::before_unlock).
    pub(super) fn unlocked_while(&mut self, place: Place, sleep: impl FnOnce()) {
        self.release();
        sleep();
        self.raw = self.mutex.acquire("wait", place);
        self.mutex.note_holder(place);
        self.look();
    }

    /// The step in which the lock is given back, if that is one. It comes before anything that must happen
    /// together with the unlocking.
    pub(super) fn before_unlock(&self) {
        self.mutex.life.check("unlock", self.locked);
        if !self.mutex.quiet {
            recorder::before_step();
        }
        self.mutex.meet("unlock", self.locked);
    }

    /// The mutex has just been locked.
    fn look(&mut self) {
        if !self.mutex.quiet {
            self.found = shown(&**self);
            self.borrowed_mutably = false;
        }
    }

    /// What this thread has done with the data so far.
    fn data(&mut self) -> Data {
        if !self.said.is_empty() {
            return Data::Said(mem::take(&mut self.said));
        }
        Data::new(self.found, shown(&**self), self.borrowed_mutably)
    }

    /// Looks at the data by `look`, which may borrow it mutably and has no reason to.
    pub(super) fn peek<R>(&mut self, look: impl FnOnce(&mut T) -> R) -> R {
        let before = self.borrowed_mutably;
        let result = look(self);
        self.borrowed_mutably = before;
        result
    }

    /// Gives the lock back. The caller locks again or never looks at it again.
    fn release(&mut self) {
        // Nothing unwinds while a quiet mutex is held, unless it was locked while something did already, and
        // then std does not poison.
        if panicking() && self.raw.is_some() && !self.mutex.quiet {
            self.mutex.poisoned.set(true);
        }
        self.mutex.handed_on.release();
        if !self.mutex.quiet {
            recorder::gives_back(self.data());
            recorder::with_object(self.mutex.id, |mutex| mutex.holders.clear());
        }
        if let Some(own_lock) = &self.mutex.own_lock {
            own_lock.waiting.wake_all(self.mutex.id.pending("unlock", self.locked));
        }
        self.raw = None;
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        self.before_unlock();
        self.release();
        if !self.mutex.quiet {
            recorder::happened(Effect::Unlock("unlock"), Some(self.mutex.id), self.locked);
        }
    }
}

impl<T: ?Sized> ops::Deref for MutexGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the guard holds the lock, so no other thread reaches the data.
        unsafe { &*self.mutex.data.get() }
    }
}

impl<T: ?Sized> ops::DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.borrowed_mutably = true;
        // SAFETY: the guard holds the lock and is borrowed mutably, so no other thread reaches the data.
        unsafe { &mut *self.mutex.data.get() }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
