//! A condition variable: a number to sleep on, and who sleeps there.

// Take atomics and the futex from `crate::sync`: the model checker sees no others. To begin with:
//   use crate::sync::atomic::{AtomicU32, Ordering::Relaxed};
//   use crate::sync::futex;
use crate::MutexGuard;
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
    // Your fields. What can a thread compare when it falls asleep, so that a notification in between is not
    // lost?
}

impl Condvar {
    /// Creates a condition variable on which nobody waits.
    pub fn new() -> Self {
        todo!("make a condition variable on which nobody waits")
    }

    /// Unlocks the mutex, sleeps until a notification, and locks the mutex again. May also return without a
    /// notification.
    ///
    /// Nothing is lost between unlocking and falling asleep: see
    /// [which waits a notification reaches](Self#which-waits-a-notification-reaches).
    pub fn wait<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>) {
        let _ = guard;
        todo!("look at the number; then, with the mutex unlocked, sleep as long as it is the same")
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
        let (_, _, _) = (guard, clock, deadline);
        todo!("the same with `clock.futex_wait_until`")
    }

    /// Waits as long as `condition` returns `true`. It is called with the lock held: once before the first
    /// wait, and again after each. If it is `false` from the beginning, does not wait.
    ///
    /// # Panics
    /// If `condition` does. The mutex is locked then, and the guard unlocks it.
    pub fn wait_while<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        condition: impl FnMut(&mut T) -> bool,
    ) {
        let (_, _) = (guard, condition);
        todo!("wait as long as the condition is true")
    }

    /// Wakes one thread of those that wait, if there are any. It may be any of them, and the next call wakes
    /// another. More may wake up if they have not fallen asleep yet.
    ///
    /// Calls the operating system once, or not at all if nobody waits.
    pub fn notify_one(&self) {
        todo!("change the number, and wake one thread, unless nobody waits")
    }

    /// Wakes all threads that wait.
    ///
    /// Does not call the operating system if nobody waits.
    pub fn notify_all(&self) {
        todo!("change the number, and wake all threads, unless nobody waits")
    }
}
