//! parking_lot's locks and condition variable, with those of their methods that the model face has too: what compiles
//! for one face compiles for the other.

pub use parking_lot::{RwLockReadGuard, RwLockWriteGuard};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

/// [`parking_lot::Mutex`], without poisoning.
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct Mutex<T: ?Sized>(parking_lot::Mutex<T>);

impl<T> Mutex<T> {
    /// Returns an unlocked mutex that holds `value`.
    #[inline]
    pub const fn new(value: T) -> Self {
        Self(parking_lot::Mutex::new(value))
    }

    /// Takes the value out.
    #[inline]
    pub fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Locks, as soon as no other thread holds the lock. The guard unlocks when it is dropped.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard(self, self.0.lock())
    }

    /// Locks if no thread holds the lock now.
    #[inline]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        Some(MutexGuard(self, self.0.try_lock()?))
    }

    /// Lends the value. `&mut self` proves that no thread holds the lock.
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }
}

/// The right to use the data of a [`Mutex`]. Unlocks when it is dropped.
#[must_use = "if it is not kept, the lock is free again at once"]
pub struct MutexGuard<'a, T: ?Sized>(&'a Mutex<T>, parking_lot::MutexGuard<'a, T>);

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// The mutex that it locks.
    #[inline]
    pub fn mutex(this: &Self) -> &'a Mutex<T> {
        this.0
    }

    /// Does nothing: what is said is for the dry runs of models.
    #[inline]
    pub fn says(_: &mut Self, _: &'static str) {}

    /// Runs `f` with the mutex unlocked, and locks it again.
    #[inline]
    pub fn unlocked<U>(this: &mut Self, f: impl FnOnce() -> U) -> U {
        parking_lot::MutexGuard::unlocked(&mut this.1, f)
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.1
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.1
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.1.fmt(f)
    }
}

/// [`parking_lot::RwLock`], without poisoning.
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct RwLock<T: ?Sized>(parking_lot::RwLock<T>);

impl<T> RwLock<T> {
    /// Returns an unlocked lock that holds `value`.
    #[inline]
    pub const fn new(value: T) -> Self {
        Self(parking_lot::RwLock::new(value))
    }

    /// Takes the value out.
    #[inline]
    pub fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Locks for reading, as soon as no thread writes.
    #[inline]
    pub fn read(&self) -> RwLockReadGuard<'_, T> {
        self.0.read()
    }

    /// Locks for writing, as soon as no other thread reads or writes.
    #[inline]
    pub fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.0.write()
    }

    /// Locks for reading if no thread writes now.
    #[inline]
    pub fn try_read(&self) -> Option<RwLockReadGuard<'_, T>> {
        self.0.try_read()
    }

    /// Locks for writing if no thread reads or writes now.
    #[inline]
    pub fn try_write(&self) -> Option<RwLockWriteGuard<'_, T>> {
        self.0.try_write()
    }

    /// Lends the value. `&mut self` proves that no thread holds the lock.
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }
}

/// [`parking_lot::Condvar`], less the timed waits: a [`Clock`](super::time::Clock) has those.
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct Condvar(parking_lot::Condvar);

impl Condvar {
    /// Returns a condition variable without waiters.
    #[inline]
    pub const fn new() -> Self {
        Self(parking_lot::Condvar::new())
    }

    /// Unlocks the mutex and sleeps, in one step; locks it again before it returns. It may wake spuriously, so call it
    /// in a loop that checks the condition again.
    #[inline]
    pub fn wait<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>) {
        self.0.wait(&mut guard.1);
    }

    /// Waits as long as `condition` holds.
    #[inline]
    pub fn wait_while<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        condition: impl FnMut(&mut T) -> bool,
    ) {
        self.0.wait_while(&mut guard.1, condition);
    }

    /// Wakes one waiter, if there is one, and returns whether there was.
    #[inline]
    pub fn notify_one(&self) -> bool {
        self.0.notify_one()
    }

    /// Wakes all waiters and returns how many there were.
    #[inline]
    pub fn notify_all(&self) -> usize {
        self.0.notify_all()
    }

    /// [`wait`](Self::wait) for `time` at most.
    pub(super) fn wait_for<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        time: Duration,
    ) -> bool {
        self.0.wait_for(&mut guard.1, time).timed_out()
    }
}
