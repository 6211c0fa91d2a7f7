//! A lock that waits by looking again and again: one atomic flag, and the data that it protects.

use crate::sync::atomic::AtomicBool;
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::sync::cell::UnsafeCell;
use crate::sync::utils::Backoff;
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
    /// Whether there is a guard.
    locked: AtomicBool,
    /// Only the thread with the guard accesses it.
    data: UnsafeCell<T>,
}

// SAFETY: nothing in the lock is tied to the thread that made it, so moving it does no more than move a `T`.
unsafe impl<T: Send> Send for SpinLock<T> {}

// SAFETY: threads that share the lock get at the data one after the other, and each access happens before the
// next. So sharing the lock does no more than pass a `T` from thread to thread, which `T: Send` allows.
unsafe impl<T: Send> Sync for SpinLock<T> {}

/// The right to use the data of a [`SpinLock`]. Unlocks when it is dropped.
#[must_use = "if it is not kept, the lock is free again at once"]
pub struct SpinLockGuard<'a, T> {
    /// Locked, and this is the only guard.
    lock: &'a SpinLock<T>,
}

// SAFETY: the guard gives what a `&mut T` gives, and unlocking is a store that any thread may make. So the
// guard may go where a `&mut T` may go.
unsafe impl<T: Send> Send for SpinLockGuard<'_, T> {}

// SAFETY: a shared guard lends `&T` to several threads at once, which `T: Sync` allows. Without this line the
// compiler would ask only whether the `&SpinLock<T>` in the guard may be shared, and that asks for `T: Send`.
unsafe impl<T: Sync> Sync for SpinLockGuard<'_, T> {}

impl<T> SpinLock<T> {
    /// Creates a free lock around `value`.
    pub fn new(value: T) -> Self {
        Self {
            locked: AtomicBool::new(false),
            data: UnsafeCell::new(value),
        }
    }

    /// Waits until the lock is free, and takes it.
    ///
    /// It waits by spinning, and lets other threads run meanwhile: in each turn it tells the processor that
    /// it waits, and after a while also the operating system. Waiting threads get the lock in no particular
    /// order. If a thread calls `lock` while it holds the guard, it waits for itself: the call never returns.
    pub fn lock(&self) -> SpinLockGuard<'_, T> {
        // Two things keep this from being a loop round `try_lock`. While the lock is taken, a load looks: the
        // cache line stays shared, and the holder's store has to claim it only once. And between two looks
        // this thread steps back, for longer each time, and in the end gives its time slice away: the holder
        // may be waiting for just this processor.
        let backoff = Backoff::new();
        loop {
            if let Some(guard) = self.try_lock() {
                return guard;
            }
            // Relaxed: what it reads decides only whether to try again, and the exchange orders the rest. The
            // loop ends: a guard is dropped some day, and its store reaches this load.
            while self.locked.load(Relaxed) {
                backoff.snooze();
            }
        }
    }

    /// Takes the lock if it is free, without waiting for anybody.
    ///
    /// Returns `None` if there is a guard. If the last guard was dropped before the call, and no other thread
    /// tries meanwhile, the call succeeds. If several threads try for a free lock at once, one of them gets
    /// it. A refused call changes nothing, not even for a moment: no call in another thread notices it.
    pub fn try_lock(&self) -> Option<SpinLockGuard<'_, T>> {
        // Acquire: pairs with the Release in the guard's `drop`. The exchange reads `false` from the last
        // holder's store, or from `new`, which happens before every use of the lock. On failure it orders
        // nothing. Not `_weak`: that one may fail though the lock is free.
        self.locked
            .compare_exchange(false, true, Acquire, Relaxed)
            .ok()
            // Only now is there a guard: one that is made earlier, and dropped in the `None` case, would
            // unlock.
            .map(|_| SpinLockGuard { lock: self })
    }

    /// Lends the data without locking: `&mut self` proves that no other thread uses the lock, and that no
    /// guard borrows it.
    pub fn get_mut(&mut self) -> &mut T {
        self.data.get_mut()
    }

    /// Takes the data out. No guard is left, because a guard would borrow the lock.
    pub fn into_inner(self) -> T {
        self.data.into_inner()
    }
}

impl<T> Deref for SpinLockGuard<'_, T> {
    type Target = T;

    /// Lends the data, to read.
    fn deref(&self) -> &T {
        // SAFETY: the pointer is to `lock.data`: valid, aligned, initialised. This guard is the only one, so
        // other threads do not access the data; what earlier holders wrote happens before, by the Acquire in
        // `try_lock`. The reference borrows the guard: while it lives, there is no `&mut T` from `deref_mut`,
        // and no unlocking.
        self.lock.data.with(|data| unsafe { &*data })
    }
}

impl<T> DerefMut for SpinLockGuard<'_, T> {
    /// Lends the data, to read and write.
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`. The reference borrows the guard mutably, so it is the only one.
        self.lock.data.with_mut(|data| unsafe { &mut *data })
    }
}

/// Unlocks.
impl<T> Drop for SpinLockGuard<'_, T> {
    fn drop(&mut self) {
        // Release: pairs with the Acquire in `try_lock`. What this thread did with the data happens before
        // what the next holder does. A store is enough, as nobody but the holder writes the flag while it is
        // `true`. It also runs while a panic unwinds, and cannot panic itself.
        self.lock.locked.store(false, Release);
    }
}
