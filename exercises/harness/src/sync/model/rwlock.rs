use super::life::Life;
use super::recorder;
use super::shown::shown;
use super::{Mutex, MutexGuard, WaitQueue};
use harness_report::place::Place;
use harness_report::record::{Data, Effect, ObjectId, Shown, ThreadId, Value};
use std::cell::UnsafeCell;
use std::panic::Location;
use std::{fmt, ops};

/// A reader-writer lock with the API of [`parking_lot::RwLock`]. As there, a reader waits behind a writer
/// that waits, so that a thread which reads twice at a time may wait for itself.
pub struct RwLock<T: ?Sized> {
    /// Held for an instant at a time, never while the program runs.
    state: Mutex<State>,
    sleepers: WaitQueue,
    life: Life,
    id: ObjectId,
    data: UnsafeCell<T>,
}

#[derive(Debug, Default)]
struct State {
    readers: usize,
    writing: bool,
    writers_waiting: usize,
}

// SAFETY: as for any reader-writer lock: readers share the data, a writer has it alone.
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}
// SAFETY: see above; readers of several threads share `&T`.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}

/// Gives shared access to the data of an [`RwLock`].
#[must_use = "if unused the lock is released at once"]
pub struct RwLockReadGuard<'a, T: ?Sized>(Held<'a, T>);

/// Gives exclusive access to the data of an [`RwLock`].
#[must_use = "if unused the lock is released at once"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    held: Held<'a, T>,
    /// The data when the lock was taken, if it can be shown.
    found: Option<Shown>,
    borrowed_mutably: bool,
}

struct Held<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    holder: ThreadId,
    locked: Place,
    /// Keeps the guard on its thread, as parking_lot does.
    not_send: std::marker::PhantomData<*mut ()>,
}

// SAFETY: a shared guard gives out `&T` and nothing else.
unsafe impl<T: ?Sized + Sync> Sync for RwLockReadGuard<'_, T> {}
// SAFETY: see above.
unsafe impl<T: ?Sized + Sync> Sync for RwLockWriteGuard<'_, T> {}

impl<T> RwLock<T> {
    /// A free lock around `value`.
    #[track_caller]
    pub fn new(value: T) -> Self {
        let id = recorder::object("RwLock", Value::Int(0), Location::caller());
        Self {
            state: Mutex::within(id, State::default()),
            sleepers: WaitQueue::default(),
            life: Life::of(id),
            id,
            data: UnsafeCell::new(value),
        }
    }

    /// [`new`](Self::new), with the name that the dry run calls it by. It has no counterpart in the real face:
    /// it is for what a model itself makes.
    #[track_caller]
    pub fn named(name: &str, value: T) -> Self {
        let this = Self::new(value);
        recorder::name(this.id, name);
        this
    }

    /// Takes the data out.
    pub fn into_inner(self) -> T {
        self.data.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits until no thread writes or waits to write, and locks for reading.
    #[track_caller]
    pub fn read(&self) -> RwLockReadGuard<'_, T> {
        let place = Location::caller();
        self.life.check("read", place);
        let mut state = self.state.quiet_lock("read", place);
        while state.writing || state.writers_waiting > 0 {
            state = self.wait(state, "read", place);
        }
        state.readers += 1;
        drop(state);
        RwLockReadGuard(self.held("read", place))
    }

    /// Waits until no thread reads or writes, and locks for writing.
    #[track_caller]
    pub fn write(&self) -> RwLockWriteGuard<'_, T> {
        let place = Location::caller();
        self.life.check("write", place);
        let mut state = self.state.quiet_lock("write", place);
        state.writers_waiting += 1;
        while state.writing || state.readers > 0 {
            state = self.wait(state, "write", place);
        }
        state.writers_waiting -= 1;
        state.writing = true;
        drop(state);
        RwLockWriteGuard::new(self.held("write", place))
    }

    /// Locks for reading if that is possible now.
    #[track_caller]
    pub fn try_read(&self) -> Option<RwLockReadGuard<'_, T>> {
        let place = Location::caller();
        self.life.check("try_read", place);
        let mut state = self.state.quiet_lock("try_read", place);
        let ok = !state.writing && state.writers_waiting == 0;
        state.readers += usize::from(ok);
        drop(state);
        let name = "try_read";
        recorder::happened(Effect::TryLock { name, ok }, Some(self.id), place);
        ok.then(|| RwLockReadGuard(self.holding(place)))
    }

    /// Locks for writing if that is possible now.
    #[track_caller]
    pub fn try_write(&self) -> Option<RwLockWriteGuard<'_, T>> {
        let place = Location::caller();
        self.life.check("try_write", place);
        let mut state = self.state.quiet_lock("try_write", place);
        let ok = !state.writing && state.readers == 0;
        state.writing |= ok;
        drop(state);
        let name = "try_write";
        recorder::happened(Effect::TryLock { name, ok }, Some(self.id), place);
        ok.then(|| RwLockWriteGuard::new(self.holding(place)))
    }

    /// A plain reference: `&mut self` proves that the lock is free.
    pub fn get_mut(&mut self) -> &mut T {
        self.data.get_mut()
    }

    /// Sleeps until the lock changes hands. Every release wakes all waiters, and they try again: the model
    /// explores every order.
    fn wait<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        name: &'static str,
        place: Place,
    ) -> MutexGuard<'a, State> {
        let ticket = self.sleepers.enter_for_good();
        let holders: Vec<ThreadId> = recorder::with_object(self.id, |lock| {
            lock.holders.iter().map(|&(thread, _)| thread).collect()
        });
        if !holders.is_empty() {
            recorder::happened(Effect::LockWaits { name, holders }, Some(self.id), place);
        }
        state.unlocked_while(place, || {
            self.sleepers.sleep_quietly(&ticket, name, Some(self.id), place);
        });
        state
    }

    fn held(&self, name: &'static str, place: Place) -> Held<'_, T> {
        recorder::happened(Effect::Lock(name), Some(self.id), place);
        self.holding(place)
    }

    fn holding(&self, locked: Place) -> Held<'_, T> {
        let holder = recorder::current();
        recorder::with_object(self.id, |lock| lock.holders.push((holder, locked)));
        Held { lock: self, holder, locked, not_send: std::marker::PhantomData }
    }
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    fn new(held: Held<'a, T>) -> Self {
        let mut guard = Self { held, found: None, borrowed_mutably: false };
        guard.found = shown(&*guard);
        guard
    }
}

impl<T: ?Sized> Held<'_, T> {
    fn release(&self, name: &'static str, change: impl FnOnce(&mut State)) {
        let lock = self.lock;
        lock.life.check(name, self.locked);
        let mut state = lock.state.quiet_lock(name, self.locked);
        change(&mut state);
        recorder::with_object(lock.id, |object| {
            let mine = object.holders.iter().position(|&(thread, _)| thread == self.holder);
            if let Some(mine) = mine {
                object.holders.swap_remove(mine);
            }
        });
        recorder::happened(Effect::Unlock(name), Some(lock.id), self.locked);
        let by = lock.id.pending(name, self.locked);
        lock.sleepers.wake_all(by);
    }
}

impl<T: ?Sized> Drop for RwLockReadGuard<'_, T> {
    fn drop(&mut self) {
        self.0.release("unlock read", |state| state.readers -= 1);
    }
}

impl<T: ?Sized> Drop for RwLockWriteGuard<'_, T> {
    fn drop(&mut self) {
        let data = Data::new(self.found, shown(&**self), self.borrowed_mutably);
        self.held.release("unlock write", |state| {
            state.writing = false;
            recorder::gives_back(data);
        });
    }
}

impl<T: ?Sized> ops::Deref for RwLockReadGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: while readers hold the lock no thread writes.
        unsafe { &*self.0.lock.data.get() }
    }
}

impl<T: ?Sized> ops::Deref for RwLockWriteGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the writer has the data alone.
        unsafe { &*self.held.lock.data.get() }
    }
}

impl<T: ?Sized> ops::DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.borrowed_mutably = true;
        // SAFETY: the writer has the data alone, and the guard is borrowed mutably.
        unsafe { &mut *self.held.lock.data.get() }
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RwLock").finish_non_exhaustive()
    }
}
