//! A wait group: a counter of unfinished tasks that threads can wait on.

use crate::sync::{Condvar, Mutex};

/// Waits until any number of tasks are finished: Go's `sync.WaitGroup`.
///
/// A wait group counts the unfinished tasks. Call [`add`](Self::add) before you start a task; the task
/// calls [`done`](Self::done) last, and [`wait`](Self::wait) returns when the counter is zero. Threads
/// share a group by reference or in an `Arc`.
///
/// A [`Barrier`](std::sync::Barrier) is made for a fixed number of threads, and each of them waits there
/// for all the others. Tasks may be added to a wait group while threads wait, and `done` does not wait. A
/// join waits for one thread to end. A wait group waits for tasks, which a pool's thread finishes without
/// ending, and any number of threads may wait for them.
///
/// ```
/// use std::{sync::Arc, thread};
///
/// let group = Arc::new(WaitGroup::new());
/// for worker in 0..3 {
///     group.add(1);
///     let group = Arc::clone(&group);
///     thread::spawn(move || {
///         println!("worker {worker} is working");
///         group.done();
///     });
/// }
/// group.wait();
/// println!("all three are done");
/// ```
pub struct WaitGroup {
    /// The number of unfinished tasks. The call that makes it zero notifies `zero`.
    count: Mutex<usize>,
    /// Waiters sleep here until `count` is zero.
    zero: Condvar,
}

impl WaitGroup {
    /// Creates a group whose counter is zero: there is nothing to wait for.
    pub fn new() -> Self {
        Self {
            count: Mutex::new(0),
            zero: Condvar::new(),
        }
    }

    /// Adds `delta` to the counter. `delta` may be any number: more than one, zero, or negative. If the
    /// counter becomes zero, every thread that is blocked in [`wait`](Self::wait) is released.
    ///
    /// Add a task before it starts, not as the first thing that it does: until it is added, no wait waits
    /// for it. While the counter is above zero, adding to it extends the waits that have begun: they wait
    /// for the new tasks too.
    ///
    /// # Panics
    /// Panics with `wait_group: negative counter` if the counter would fall below zero, and with
    /// `wait_group: counter overflow` if it would exceed the most that it can hold, which is at least
    /// [`i32::MAX`] and at most [`usize::MAX`]. Either way, the counter keeps the value that it had before, and
    /// no other thread ever sees another one.
    pub fn add(&self, delta: isize) {
        let mut count = self.count.lock();
        let Some(new) = count.checked_add_signed(delta) else {
            // Nothing has been stored, and unwinding releases the lock: the group is unchanged.
            if delta < 0 {
                panic!("wait_group: negative counter");
            }
            panic!("wait_group: counter overflow");
        };
        *count = new;
        // Notify after the lock is released: a woken thread needs the lock first. In between, a waiter may
        // see the zero and leave, but the group is still there, because `self` borrows it.
        drop(count);
        if new == 0 {
            // Wakes all waiters, because all of them wait for this zero. `wait` proves that none is missed.
            self.zero.notify_all();
        }
    }

    /// Subtracts one from the counter, as `add(-1)` does: one task is finished.
    ///
    /// # Panics
    /// Panics with `wait_group: negative counter` if the counter is already zero.
    pub fn done(&self) {
        self.add(-1);
    }

    /// Sleeps until the counter is zero. Returns at once if it is already zero.
    ///
    /// A wait returns only if the counter was zero at some moment between its call and its return. If a
    /// thread subtracts from the counter on its way to that zero, everything that the thread did before
    /// happens before the return.
    ///
    /// If the counter reaches zero and stays there, every wait returns. When all of them have returned, the
    /// group may be used for another round, and so on. If the counter rises earlier, a wait that has not
    /// returned yet may return, or may sleep until the next zero. Rely on neither: start the next round
    /// later. Go panics if it notices such an early start.
    ///
    /// A group keeps nothing of the waits and rounds that are over.
    pub fn wait(&self) {
        let mut count = self.count.lock();
        // No wakeup is lost. The counter changes only under the lock, and this thread holds the lock from
        // its check of the counter until `Condvar::wait` has put it to sleep, which unlocks in the same
        // step. So the counter becomes zero either before the check, which then sees the zero, or after
        // this thread is asleep, and then the `notify_all`, which comes later still, wakes it.
        //
        // A loop, because a wakeup proves nothing: it may be spurious, or it may come from an earlier zero,
        // whose notification is sent after the lock is released.
        while *count != 0 {
            self.zero.wait(&mut count);
        }
    }
}
