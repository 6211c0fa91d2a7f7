//! A lock of many readers or one writer.

// Take atomics, cells and the futex from `crate::sync`: the model checker sees no others. To begin with:
//   use crate::MAX_READERS;
//   use crate::sync::atomic::AtomicU32;
//   use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
//   use crate::sync::futex;
use crate::sync::cell::UnsafeCell;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

/// Protects a value that many threads may read at once, or one may write. Go's `sync.RWMutex`, with the data
/// inside.
///
/// # Who goes first
/// A writer that waits for readers keeps new ones out, so an endless stream of readers does not keep it
/// waiting: it waits only for the readers that were there when it came, and for writers. If it has waited for
/// a writer, readers may come in until it is awake and takes its turn. And when a writer unlocks, all
/// readers that wait at that moment get the lock before the next writer, so an endless stream of writers does
/// not keep readers waiting either. In which order writers get the lock is not promised.
///
/// It follows that a thread must not read-lock twice: if a writer comes in between, the second `read` waits
/// for the writer, and the writer for the first. Nor can a read lock become a write lock.
///
/// Guards unlock when they are dropped, even by a panic, and nothing is poisoned. A lock adds at most 64
/// bytes to the value, and owns no memory elsewhere.
///
/// ```
/// let config = RwMutex::new(String::from("v1"));
/// {
///     let (one, two) = (config.read(), config.try_read());
///     assert_eq!(*one, "v1");
///     assert!(two.is_some() && config.try_write().is_none());
/// }
/// config.write().push_str(".1");
/// assert_eq!(config.into_inner(), "v1.1");
/// ```
///
/// # Happens-before
/// What a writer did before its guard was dropped happens before everything that later guards see, of either
/// kind. What a reader did before its guard was dropped happens before everything that a later writer does.
pub struct RwMutex<T: ?Sized> {
    // Add what says who has the lock and who waits. Write down what each value means.
    /// Last, so that a lock of an array can be used as a lock of a slice.
    data: UnsafeCell<T>,
}

// The compiler cannot check how an `UnsafeCell` is used, so it does not let threads share a type that
// contains one. These lines are your promise that they may share this one, and your code has to make it true.

// SAFETY: the owner of the lock owns the value, and nothing else in it is tied to a thread.
unsafe impl<T: ?Sized + Send> Send for RwMutex<T> {}

// SAFETY: threads that share the lock read the value at once, which `T: Sync` allows, or reach it one after
// the other, which `T: Send` allows.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwMutex<T> {}

impl<T> RwMutex<T> {
    /// Creates an unlocked lock that holds `value`.
    pub fn new(value: T) -> Self {
        let _ = value;
        todo!("make an unlocked lock")
    }

    /// Takes the value out. Nothing is locked, and guards that were leaked do not matter any more.
    pub fn into_inner(self) -> T {
        todo!("take the value out")
    }
}

impl<T: ?Sized> RwMutex<T> {
    /// Locks for reading: together with other readers, as long as no writer has the lock or waits for it.
    /// Otherwise sleeps until that writer has unlocked; then it has the lock before any other writer.
    ///
    /// # Panics
    /// Panics with `rw_mutex: too many readers` if there are [`MAX_READERS`](crate::MAX_READERS) read guards.
    /// Readers that wait may be counted as well. Nothing has changed then. Only leaked guards add up to that.
    pub fn read(&self) -> RwMutexReadGuard<'_, T> {
        todo!("become one of the readers; if there is a writer, sleep until it has let you in")
    }

    /// Locks for reading if no writer has the lock or waits for it, and returns `None` otherwise. Never
    /// waits, and changes nothing if it returns `None`.
    ///
    /// # Panics
    /// As [`read`](Self::read) does.
    pub fn try_read(&self) -> Option<RwMutexReadGuard<'_, T>> {
        todo!("become one of the readers, if there is no writer")
    }

    /// Locks for writing. Sleeps while there are other guards, and keeps new readers out meanwhile.
    pub fn write(&self) -> RwMutexWriteGuard<'_, T> {
        todo!("become the only writer; then sleep until the readers that were there have left")
    }

    /// Locks for writing if nobody has the lock, and returns `None` otherwise. Never waits, and changes
    /// nothing if it returns `None`: in particular it keeps no reader out.
    pub fn try_write(&self) -> Option<RwMutexWriteGuard<'_, T>> {
        todo!("become the only writer, if nobody has the lock")
    }

    /// Lends the value without locking: `&mut self` proves that there is no guard, or that it was leaked.
    pub fn get_mut(&mut self) -> &mut T {
        let _ = &self.data;
        todo!("lend the value")
    }
}

/// Proves that its thread has locked a [`RwMutex`] for reading, lends the value, and unlocks when it is
/// dropped.
///
/// A guard stays on the thread that locked: it is not `Send`.
#[must_use = "the lock is given back when the guard is dropped, which is at once"]
pub struct RwMutexReadGuard<'a, T: ?Sized> {
    lock: &'a RwMutex<T>,
    /// Keeps the guard on its thread: a raw pointer is neither `Send` nor `Sync`.
    not_send: PhantomData<*const ()>,
}

/// Proves that its thread has locked a [`RwMutex`] for writing, lends the value, and unlocks when it is
/// dropped.
///
/// A guard stays on the thread that locked: it is not `Send`.
#[must_use = "the lock is given back when the guard is dropped, which is at once"]
pub struct RwMutexWriteGuard<'a, T: ?Sized> {
    lock: &'a RwMutex<T>,
    /// Keeps the guard on its thread.
    not_send: PhantomData<*const ()>,
}

// SAFETY: a shared guard lends `&T` and nothing else, which `T: Sync` allows.
unsafe impl<T: ?Sized + Sync> Sync for RwMutexReadGuard<'_, T> {}

// SAFETY: as for the read guard.
unsafe impl<T: ?Sized + Sync> Sync for RwMutexWriteGuard<'_, T> {}

impl<T: ?Sized> Deref for RwMutexReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        let (_, _) = (self.lock, self.not_send);
        todo!("lend the value")
    }
}

impl<T: ?Sized> Deref for RwMutexWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        let (_, _) = (self.lock, self.not_send);
        todo!("lend the value")
    }
}

impl<T: ?Sized> DerefMut for RwMutexWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        todo!("lend the value")
    }
}

impl<T: ?Sized> Drop for RwMutexReadGuard<'_, T> {
    fn drop(&mut self) {
        todo!("leave; if a writer waits and you are the last one that it waits for, wake it")
    }
}

impl<T: ?Sized> Drop for RwMutexWriteGuard<'_, T> {
    fn drop(&mut self) {
        todo!("let in all readers that wait, and then the next writer")
    }
}
