//! A lock that waits by looking again and again: one atomic flag, and the data that it protects.

// You are likely to need:
//   use crate::sync::atomic::{AtomicBool, Ordering};
//   use crate::sync::cell::UnsafeCell;
//   use crate::sync::hint::spin_loop; // or `crate::sync::utils::Backoff`
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

/// Mutual exclusion for critical sections of a few instructions: a thread that finds the lock taken does not
/// sleep, but looks again until it is free.
///
/// The data is in the lock, and can be reached only through the guard that [`lock`](Self::lock) and
/// [`try_lock`](Self::try_lock) return. There is at most one guard at a time. Dropping it unlocks, even while
/// a panic unwinds. Unlike [`std::sync::Mutex`], a spin lock is never poisoned, and a waiting thread never
/// sleeps until somebody wakes it.
///
/// ```
/// use spin_lock::SpinLock;
/// use std::thread;
///
/// let hits = SpinLock::new(0);
/// thread::scope(|s| {
///     for _ in 0..4 {
///         s.spawn(|| *hits.lock() += 1);
///     }
/// });
/// assert_eq!(hits.into_inner(), 4);
/// ```
///
/// # Happens-before
/// Everything that a thread did before it unlocked happens before everything that any later holder does after
/// its `lock` or its successful `try_lock`. A `try_lock` that fails orders nothing.
///
/// # Threads
/// A `SpinLock<T>` is `Send` and `Sync` if `T` is `Send`: only one thread at a time reaches the data, so it
/// need not be `Sync`. A guard is like the `&mut T` that it stands for: `Send` if `T` is `Send`, and `Sync`
/// if `T` is `Sync`.
pub struct SpinLock<T> {
    // The fields are yours. Two are enough: whether the lock is taken, and the data.
    // Takes no space, and makes `T` occur in a field, as it must. Delete it when you have fields of your own.
    replace_me: PhantomData<T>,
}

// The compiler cannot check how an `UnsafeCell` is used, so it does not let threads share a type that
// contains one. These lines are your promise that they may share this one; your code has to make it true.

// SAFETY: nothing in the lock is tied to the thread that made it, so moving it does no more than move a `T`.
unsafe impl<T: Send> Send for SpinLock<T> {}

// SAFETY: threads that share the lock get at the data one after the other, and each access happens before the
// next. So sharing the lock does no more than pass a `T` from thread to thread, which `T: Send` allows.
unsafe impl<T: Send> Sync for SpinLock<T> {}

/// The right to use the data of a [`SpinLock`]. Unlocks when it is dropped.
#[must_use = "if it is not kept, the lock is free again at once"]
pub struct SpinLockGuard<'a, T> {
    // The field is yours: what does a guard need to know to unlock?
    replace_me: PhantomData<&'a mut T>,
}

// SAFETY: the guard gives what a `&mut T` gives, and unlocking is a store that any thread may make. So the
// guard may go where a `&mut T` may go.
unsafe impl<T: Send> Send for SpinLockGuard<'_, T> {}

// SAFETY: a shared guard lends `&T` to several threads at once, which `T: Sync` allows. The compiler, left
// alone, would look at the fields: find out what it would make of a `&SpinLock<T>`.
unsafe impl<T: Sync> Sync for SpinLockGuard<'_, T> {}

impl<T> SpinLock<T> {
    /// Creates a free lock around `value`.
    pub fn new(value: T) -> Self {
        let _ = value;
        todo!("make a free lock around the value")
    }

    /// Waits until the lock is free, and takes it.
    ///
    /// It waits by spinning, and lets other threads run meanwhile: in each turn it tells the processor that
    /// it waits, and after a while also the operating system. Waiting threads get the lock in no particular
    /// order. If a thread calls `lock` while it holds the guard, it waits for itself: the call never returns.
    pub fn lock(&self) -> SpinLockGuard<'_, T> {
        todo!("try to take the lock; while it is taken, let others run and look again")
    }

    /// Takes the lock if it is free, without waiting for anybody.
    ///
    /// Returns `None` if there is a guard. If the last guard was dropped before the call, and no other thread
    /// tries meanwhile, the call succeeds. If several threads try for a free lock at once, one of them gets
    /// it. A refused call changes nothing, not even for a moment: no call in another thread notices it.
    pub fn try_lock(&self) -> Option<SpinLockGuard<'_, T>> {
        todo!("take the lock in one step, if it is free; make a guard only if that has succeeded")
    }

    /// Lends the data without locking: `&mut self` proves that no other thread uses the lock, and that no
    /// guard borrows it.
    pub fn get_mut(&mut self) -> &mut T {
        todo!("lend the data: nobody else is about")
    }

    /// Takes the data out. No guard is left, because a guard would borrow the lock.
    pub fn into_inner(self) -> T {
        todo!("move the data out")
    }
}

impl<T> Deref for SpinLockGuard<'_, T> {
    type Target = T;

    /// Lends the data, to read.
    fn deref(&self) -> &T {
        todo!("lend the data of the lock that this guard has locked")
    }
}

impl<T> DerefMut for SpinLockGuard<'_, T> {
    /// Lends the data, to read and write.
    fn deref_mut(&mut self) -> &mut T {
        todo!("lend the data, to write as well")
    }
}

/// Unlocks.
impl<T> Drop for SpinLockGuard<'_, T> {
    fn drop(&mut self) {
        // Nothing is unlocked yet. There is no `todo!()` here because a failing test drops its guards while
        // it panics, and a second panic aborts the whole test run.
    }
}
