//! A condition variable: a sequence number to sleep on, and the number of those who do.

use crate::MutexGuard;
use crate::sync::atomic::AtomicU32;
use crate::sync::atomic::Ordering::Relaxed;
use crate::sync::futex;
use crate::sync::time::{Clock, Instant};

/// Lets threads sleep until others have changed what a [`Mutex`](crate::Mutex) protects. Go's `sync.Cond`.
///
/// A thread that has locked the mutex and does not find what it needs calls [`wait`](Self::wait), which
/// unlocks, sleeps until it is notified, and locks again. Another locks the mutex, changes the value, and
/// then calls [`notify_one`](Self::notify_one) or [`notify_all`](Self::notify_all), with or without the lock.
///
/// A notification says that it may be worth looking, and nothing more: a wait may also end for no reason, and
/// another thread may have changed the value again. So wait in a loop, or let
/// [`wait_while`](Self::wait_while) do it. Use one mutex with one condition variable. It takes at most 16
/// bytes, and owns no memory elsewhere.
///
/// ```
/// use std::thread;
///
/// let (mail, arrived) = (Mutex::new(None), Condvar::new());
/// thread::scope(|s| {
///     s.spawn(|| {
///         *mail.lock() = Some("a letter");
///         arrived.notify_one();
///     });
///     let mut mail = mail.lock();
///     arrived.wait_while(&mut mail, |mail| mail.is_none());
///     assert_eq!(mail.take(), Some("a letter"));
/// });
/// ```
///
/// # Which waits a notification reaches
/// Those that have begun when it is called: a wait has begun when it has unlocked the mutex. If a thread has
/// locked the mutex after that, and then notifies, it reaches the waiter, asleep or not yet: `notify_all`
/// wakes it, and `notify_one` wakes it or another. A notification is not remembered for waits that begin after
/// it has returned, and none of them can take it away from one that began before the call. A wait that begins
/// during a call of `notify_one` may be the one that it wakes.
pub struct Condvar {
    /// Changed by each notification. A waiter sleeps only as long as it is what it was under the lock. It is
    /// the word to sleep on.
    sequence: AtomicU32,
    /// How many threads are in `wait`, and have not been seen to wake up.
    waiters: AtomicU32,
}

impl Condvar {
    /// Creates a condition variable on which nobody waits.
    pub fn new() -> Self {
        Self {
            sequence: AtomicU32::new(0),
            waiters: AtomicU32::new(0),
        }
    }

    /// Unlocks the mutex, sleeps until a notification, and locks the mutex again. May also return without a
    /// notification.
    ///
    /// Nothing is lost between unlocking and falling asleep: see
    /// [which waits a notification reaches](Self#which-waits-a-notification-reaches).
    pub fn wait<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>) {
        self.sleep(guard, futex::wait);
    }

    /// As [`wait`](Self::wait), until `clock` shows `deadline` at the latest. Returns whether the deadline is
    /// reached, even if the thread was notified by then: look at the value in either case. Unlocks the mutex
    /// even if the deadline is over before the call. A wait that has ended so leaves nothing behind that a
    /// later notification could be wasted on.
    #[must_use = "whether the deadline is reached"]
    pub fn wait_until<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        clock: &Clock,
        deadline: Instant,
    ) -> bool {
        self.sleep(guard, |sequence, seen| {
            clock.futex_wait_until(sequence, seen, deadline)
        })
    }

    /// Waits as long as `condition` returns `true`. It is called with the lock held: once before the first
    /// wait, and again after each. If it is `false` from the beginning, does not wait.
    ///
    /// # Panics
    /// If `condition` does. The mutex is locked then, and the guard unlocks it.
    pub fn wait_while<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) {
        while condition(guard) {
            self.wait(guard);
        }
    }

    /// Wakes one thread of those that wait, if there are any. It may be any of them, and the next call wakes
    /// another. More may wake up if they have not fallen asleep yet.
    ///
    /// Calls the operating system once, or not at all if nobody waits.
    pub fn notify_one(&self) {
        if self.announce() {
            futex::wake_one(&self.sequence);
        }
    }

    /// Wakes all threads that wait.
    ///
    /// Does not call the operating system if nobody waits.
    pub fn notify_all(&self) {
        if self.announce() {
            futex::wake_all(&self.sequence);
        }
    }

    /// Unlocks, sleeps by `sleep` as long as the sequence number is what it was, and locks again.
    fn sleep<T: ?Sized, R>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        sleep: impl FnOnce(&AtomicU32, u32) -> R,
    ) -> R {
        // No wakeup is lost. Both lines are executed under the lock. So they happen before everything that a
        // thread does after it has locked the mutex next, and it is such a thread that changes what this one
        // waits for, and then notifies. It therefore finds this thread counted; and its change of the
        // sequence comes after the load here, which has seen an older number. Either it comes before the
        // futex compares, which then does not sleep; or this thread is asleep by then, and the wakeup, which
        // comes later still, wakes it.
        //
        // Relaxed will do for all of it: the mutex orders what matters.
        self.waiters.fetch_add(1, Relaxed);
        let seen = self.sequence.load(Relaxed);
        MutexGuard::unlocked(guard, || {
            let result = sleep(&self.sequence, seen);
            // If this is seen late, a notification calls the operating system for nothing.
            self.waiters.fetch_sub(1, Relaxed);
            result
        })
    }

    /// Changes the sequence number, so that nobody falls asleep who has seen the old one. Returns `false` if
    /// nobody waits. Of the waits that a notification has to reach, the load sees all that have not woken up:
    /// see `sleep`.
    fn announce(&self) -> bool {
        if self.waiters.load(Relaxed) == 0 {
            return false;
        }
        // It wraps around. A thread would have to stand still between its load and the futex while others
        // notify four billion times, and then the very number that it has seen would have to be there again.
        self.sequence.fetch_add(1, Relaxed);
        true
    }
}
