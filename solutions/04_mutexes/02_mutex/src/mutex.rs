//! A mutex: one atomic word beside the data, and a futex to sleep on.

use crate::sync::atomic::AtomicU32;
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::sync::cell::UnsafeCell;
use crate::sync::utils::Backoff;
use crate::sync::{IS_MODEL, futex};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

// The word:
//
// | state     | guard | waiters                                | `unlock`                        |
// |-----------|-------|----------------------------------------|---------------------------------|
// | UNLOCKED  | none  | none, or the one that was woken        | -                               |
// | LOCKED    | one   | none that sleeps                       | has nobody to wake              |
// | CONTENDED | one   | perhaps: asleep, or about to be        | wakes one                       |

const UNLOCKED: u32 = 0;
const LOCKED: u32 = 1;
const CONTENDED: u32 = 2;

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
    /// As in the table above. It is also the word to sleep on.
    state: AtomicU32,
    data: UnsafeCell<T>,
}

// SAFETY: the owner of the mutex owns the value, and nothing else in it is tied to a thread.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}

// SAFETY: threads that share a mutex reach the value one after the other, as the comments at `acquire` show.
// So sharing it does no more than hand a `T` from thread to thread, which `T: Send` allows.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    /// Creates an unlocked mutex that holds `value`.
    pub fn new(value: T) -> Self {
        Self {
            state: AtomicU32::new(UNLOCKED),
            data: UnsafeCell::new(value),
        }
    }

    /// Takes the value out. Nothing is locked: nobody else has the mutex, and a guard that was leaked does
    /// not matter any more.
    pub fn into_inner(self) -> T {
        self.data.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Locks the mutex, and returns a guard that unlocks it. If another guard exists, waits until that is
    /// dropped: the thread may spin for a moment, a few hundred looks at most, and then it sleeps.
    ///
    /// If the mutex is unlocked and stays so, everyone who waits gets it, one after the other. A thread that
    /// locks a mutex twice sleeps for ever.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.acquire();
        self.guard()
    }

    /// Locks the mutex if it is unlocked, and returns `None` if it is locked. Never waits, and changes
    /// nothing if it returns `None`.
    #[inline]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        // Not the weak exchange, which may fail though the mutex is unlocked. Acquire, as in `acquire`.
        self.state
            .compare_exchange(UNLOCKED, LOCKED, Acquire, Relaxed)
            .is_ok()
            .then(|| self.guard())
    }

    /// Lends the value without locking: `&mut self` proves that there is no guard, or that it was leaked.
    pub fn get_mut(&mut self) -> &mut T {
        self.data.get_mut()
    }

    /// Makes the guard of a thread that has just locked.
    #[inline]
    fn guard(&self) -> MutexGuard<'_, T> {
        MutexGuard {
            mutex: self,
            not_send: PhantomData,
        }
    }

    /// Changes the word from UNLOCKED to a locked state. This is where all that a guard relies on comes from:
    /// while one thread has done so and has not called `release`, no other can. And since the exchange is
    /// Acquire and pairs with the Release in `release`, what was done under the lock before happens before
    /// what is done now.
    #[inline]
    fn acquire(&self) {
        // Weak is enough: if it fails for no reason, `acquire_contended` looks again.
        if self
            .state
            .compare_exchange_weak(UNLOCKED, LOCKED, Acquire, Relaxed)
            .is_err()
        {
            self.acquire_contended();
        }
    }

    /// The rest of `acquire`, out of the way of those that need not wait.
    #[cold]
    fn acquire_contended(&self) {
        let mut state = self.spin();
        // This thread has not slept, so it knows of no other that does: LOCKED will do.
        if state == UNLOCKED {
            match self
                .state
                .compare_exchange(UNLOCKED, LOCKED, Acquire, Relaxed)
            {
                Ok(_) => return,
                Err(newer) => state = newer,
            }
        }
        loop {
            // One step for both cases: if the mutex was unlocked, it is this thread's, and otherwise it is
            // marked. From here on only ever as CONTENDED: others may sleep, and `release` woke this thread
            // alone and left no mark for them. If there are none, one wakeup is wasted.
            //
            // Acquire, as in `acquire`. The swap by which a waiter only marks the word continues the release
            // sequence of the last unlock, as every read-modify-write does.
            if state != CONTENDED && self.state.swap(CONTENDED, Acquire) == UNLOCKED {
                return;
            }
            // No wakeup is lost. This thread falls asleep only if the word is CONTENDED at that moment, so
            // there is a guard. Its `release` replaces CONTENDED, for only a `release` takes that away: an
            // exchange expects UNLOCKED, and a swap writes CONTENDED again. So it finds the mark, and its
            // `wake_one`, which comes later, wakes this thread or another that sleeps here. If another, that
            // one marks the word anew before it locks or sleeps, and so the next `release` wakes the next.
            //
            // A loop, because a return proves nothing: a thread that has not slept may have come first, or
            // the wakeup may be spurious, or the word had changed before this thread slept.
            futex::wait(&self.state, CONTENDED);
            state = self.spin();
        }
    }

    /// Looks at the word until it is not LOCKED, or for a moment, and returns what it saw: most critical sections are
    /// shorter than two calls of the operating system. If somebody sleeps already, there is no sense in it: the guard
    /// may be held for long. In a model it looks once, because nothing would be left to sleep for then.
    fn spin(&self) -> u32 {
        // A hundred times `spin_loop`, and then a few yields: the thread that holds the guard may need this processor.
        let patience = Backoff::new();
        loop {
            let state = self.state.load(Relaxed);
            if state != LOCKED || IS_MODEL || patience.is_completed() {
                return state;
            }
            patience.snooze();
        }
    }

    /// Unlocks. Call it once for each `acquire`, and do not touch the data afterwards.
    #[inline]
    fn release(&self) {
        // Release, for what was done under the lock: pairs with the Acquire of the next `acquire`. What the
        // swap replaces says whether there is a thread to wake. It unlocks first: a thread that was woken
        // before that would find the mutex locked, and sleep again. Another may lock, unlock and leave
        // in between, but the word is still there, because the guard borrows it.
        if self.state.swap(UNLOCKED, Release) == CONTENDED {
            futex::wake_one(&self.state);
        }
    }
}

/// Proves that its thread has locked a [`Mutex`], lends the value, and unlocks when it is dropped.
///
/// A guard stays on the thread that locked: it is not `Send`. It may be lent to others if they may share the
/// value.
#[must_use = "the mutex is unlocked when the guard is dropped, which is at once"]
pub struct MutexGuard<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    /// Keeps the guard on its thread.
    not_send: PhantomData<*const ()>,
}

// SAFETY: a shared guard lends `&T` and nothing else, which `T: Sync` allows.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}

impl<T: ?Sized> MutexGuard<'_, T> {
    /// Unlocks the mutex, runs `f`, and locks the mutex again before it returns what `f` did, or goes on with
    /// its panic. Other threads may change the value meanwhile. A function of the type and not a method, so
    /// that it hides none of `T`.
    #[inline]
    pub fn unlocked<R>(guard: &mut Self, f: impl FnOnce() -> R) -> R {
        /// Locks when it is dropped, so that there is no way out of `unlocked` without the lock.
        struct Relock<'a, T: ?Sized>(&'a Mutex<T>);

        impl<T: ?Sized> Drop for Relock<'_, T> {
            #[inline]
            fn drop(&mut self) {
                self.0.acquire();
            }
        }

        // The data is not touched meanwhile: that needs the guard, which is borrowed mutably until the end.
        guard.mutex.release();
        let _relock = Relock(guard.mutex);
        f()
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: valid and aligned, because it points into the mutex, which the guard borrows. No other
        // thread accesses the data while this guard has the lock, and what others did before happens before
        // this (see `acquire`). Nothing writes to it as long as the reference lives, because it borrows the
        // guard, and only `deref_mut` of the same guard lends a mutable one.
        self.mutex.data.with(|data| unsafe { &*data })
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`; and no other reference lives, because this one borrows the guard mutably.
        self.mutex.data.with_mut(|data| unsafe { &mut *data })
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.mutex.release();
    }
}
