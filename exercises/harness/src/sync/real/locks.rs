//! parking_lot's locks and condition variable, with those of their methods that the model face has too: what compiles
//! for one face compiles for the other.

pub use parking_lot::{MutexGuard, RwLockReadGuard, RwLockWriteGuard};
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
        self.0.lock()
    }

    /// Locks if no thread holds the lock now.
    #[inline]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.0.try_lock()
    }

    /// Lends the value. `&mut self` proves that no thread holds the lock.
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
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
        self.0.wait(guard);
    }

    /// Waits as long as `condition` holds.
    #[inline]
    pub fn wait_while<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        condition: impl FnMut(&mut T) -> bool,
    ) {
        self.0.wait_while(guard, condition);
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
        self.0.wait_for(guard, time).timed_out()
    }
}
