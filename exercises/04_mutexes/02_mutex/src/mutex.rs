//! A mutex: one atomic word beside the data, and a futex to sleep on.

// Take atomics, cells and the futex from `crate::sync`: the model checker sees no others. To begin with:
//   use crate::sync::atomic::AtomicU32;
//   use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
//   use crate::sync::futex;
use crate::sync::cell::UnsafeCell;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

/// Protects a value: one thread at a time can reach it. Go's `sync.Mutex`, with the data inside.
///
/// [`lock`](Self::lock) returns a guard, which lends the value and unlocks when it is dropped, even by a
/// panic. Nothing is poisoned: after a panic the value is as the panicking thread left it.
///
/// A mutex is not re-entrant, and it is not fair: a thread that comes along when the mutex is unlocked may
/// lock it before one that has waited for longer. It adds at most eight bytes and padding to the value, and
/// owns no memory elsewhere.
///
/// ```
/// use std::thread;
///
/// let total = Mutex::new(0);
/// thread::scope(|s| {
///     for n in 1..=3 {
///         let total = &total;
///         s.spawn(move || *total.lock() += n);
///     }
/// });
/// assert_eq!(total.into_inner(), 6);
/// ```
///
/// # Happens-before
/// Everything that a thread did before it unlocked, by dropping its guard or by
/// [`unlocked`](MutexGuard::unlocked), happens before everything that a thread does after a later
/// [`lock`](Self::lock), or a later [`try_lock`](Self::try_lock) that returned a guard. A `try_lock` that
/// returns `None` orders nothing.
pub struct Mutex<T: ?Sized> {
    // Add the word. Write down what each of its values means, and who may access the data then:
    //   state: AtomicU32,
    /// Last, so that a mutex of an array can be used as a mutex of a slice.
    data: UnsafeCell<T>,
}

// The compiler cannot check how an `UnsafeCell` is used, so it does not let threads share a type that
// contains one. These lines are your promise that they may share this one, and your code has to make it true.

// SAFETY: the owner of the mutex owns the value, and nothing else in it is tied to a thread.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}

// SAFETY: threads that share a mutex reach the value one after the other. So sharing it does no more than
// hand a `T` from thread to thread, which `T: Send` allows.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    /// Creates an unlocked mutex that holds `value`.
    pub fn new(value: T) -> Self {
        let _ = value;
        todo!("make an unlocked mutex")
    }

    /// Takes the value out. Nothing is locked: nobody else has the mutex, and a guard that was leaked does
    /// not matter any more.
    pub fn into_inner(self) -> T {
        todo!("take the value out")
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Locks the mutex, and returns a guard that unlocks it. If another guard exists, waits until that is
    /// dropped: the thread may spin for a moment, a few hundred looks at most, and then it sleeps.
    ///
    /// If the mutex is unlocked and stays so, everyone who waits gets it, one after the other. A thread that
    /// locks a mutex twice sleeps for ever.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        todo!("lock if it is unlocked; otherwise sleep until a guard is dropped, and try again")
    }

    /// Locks the mutex if it is unlocked, and returns `None` if it is locked. Never waits, and changes
    /// nothing if it returns `None`.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        todo!("lock if it is unlocked")
    }

    /// Lends the value without locking: `&mut self` proves that there is no guard, or that it was leaked.
    pub fn get_mut(&mut self) -> &mut T {
        let _ = &self.data;
        todo!("lend the value")
    }
}

/// Proves that its thread has locked a [`Mutex`], lends the value, and unlocks when it is dropped.
///
/// A guard stays on the thread that locked: it is not `Send`. It may be lent to others if they may share the
/// value.
#[must_use = "the mutex is unlocked when the guard is dropped, which is at once"]
pub struct MutexGuard<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    /// Keeps the guard on its thread: a raw pointer is neither `Send` nor `Sync`.
    not_send: PhantomData<*const ()>,
}

// SAFETY: a shared guard lends `&T` and nothing else, which `T: Sync` allows.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}

impl<T: ?Sized> MutexGuard<'_, T> {
    /// Unlocks the mutex, runs `f`, and locks the mutex again before it returns what `f` did, or goes on with
    /// its panic. Other threads may change the value meanwhile. A function of the type and not a method, so
    /// that it hides none of `T`.
    pub fn unlocked<R>(guard: &mut Self, f: impl FnOnce() -> R) -> R {
        let (_, _) = (guard, f);
        todo!("unlock, call f, and lock again whatever comes of it")
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        let (_, _) = (self.mutex, self.not_send);
        todo!("lend the value")
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        todo!("lend the value")
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        todo!("unlock, and wake one thread that sleeps, if there may be one")
    }
}
