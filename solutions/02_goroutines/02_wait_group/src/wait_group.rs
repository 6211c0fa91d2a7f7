//! A wait group: a counter of unfinished tasks that threads can wait on.

use crate::sync::{Condvar, Mutex};

/// Waits until any number of tasks are finished: Go's `sync.WaitGroup`.
///
/// It counts the tasks that are not finished: whoever hands one out calls [`add`](Self::add) first, the task
/// calls [`done`](Self::done) last, and [`wait`](Self::wait) returns when the counter is zero. Threads share
/// a group by reference or in an `Arc`.
///
/// A [`Barrier`](std::sync::Barrier) knows from the start how many threads will come, and holds each until
/// all are there; here tasks may be added while others wait, and `done` holds nobody. A join waits for one
/// thread to end; a wait group waits for work, which a thread of a pool finishes without ending, and lets
/// any number of threads wait for it.
///
/// ```
/// use std::{sync::Arc, thread};
///
/// let group = Arc::new(WaitGroup::new());
/// for worker in 0..3 {
///     group.add(1);
///     let group = Arc::clone(&group);
///     thread::spawn(move || {
///         println!("worker {worker} is at it");
///         group.done();
///     });
/// }
/// group.wait();
/// println!("all three are done");
/// ```
pub struct WaitGroup {
    /// How many tasks are not finished. Whoever makes it zero notifies `zero`.
    count: Mutex<usize>,
    /// Where threads sleep until `count` is zero.
    zero: Condvar,
}

impl WaitGroup {
    /// A group whose counter is zero: there is nothing to wait for.
    pub fn new() -> Self {
        Self {
            count: Mutex::new(0),
            zero: Condvar::new(),
        }
    }

    /// Adds `delta` to the counter. `delta` may be any number: more than one, zero, negative. If that brings
    /// the counter to zero, every thread that blocks in [`wait`](Self::wait) is released.
    ///
    /// Add a task before it starts, not as the first thing it does: until then nothing stands for it. While
    /// the counter is above zero, adding to it extends the waits that have begun: they wait for the new
    /// tasks too.
    ///
    /// # Panics
    /// With `wait_group: negative counter` if the counter would fall below zero, and with
    /// `wait_group: counter overflow` if it would exceed the most that it can hold, which is at least
    /// [`i32::MAX`] and at most [`usize::MAX`]. The counter is then what it was before the call.
    pub fn add(&self, delta: isize) {
        let mut count = self.count.lock();
        let Some(new) = count.checked_add_signed(delta) else {
            // Nothing has been stored, and unwinding releases the lock: the group is as it was.
            if delta < 0 {
                panic!("wait_group: negative counter");
            }
            panic!("wait_group: counter overflow");
        };
        *count = new;
        // Notify after the lock is released: whoever is woken needs it first. Between the two a waiter may
        // see the zero and leave, but the group cannot be gone: we have borrowed it.
        drop(count);
        if new == 0 {
            // All of them, for all of them wait for this zero. `wait` shows why none is missed.
            self.zero.notify_all();
        }
    }

    /// Takes one from the counter, as `add(-1)` does: one task is finished.
    ///
    /// # Panics
    /// With `wait_group: negative counter` if the counter is zero already.
    pub fn done(&self) {
        self.add(-1);
    }

    /// Sleeps until the counter is zero; returns at once if it is zero already.
    ///
    /// A wait returns only if the counter was zero at some moment between its call and its return. All that
    /// threads did before they took from the counter, on its way to that zero, happens before the return.
    ///
    /// When the counter reaches zero and stays there, every wait returns. Once all have returned, the group
    /// may be used again, for as many rounds as you like. If the counter rises before that, a wait that has
    /// not returned yet may still do so, or may go on until the next zero. Rely on neither: start the next
    /// round later. Go panics where it notices such a start.
    pub fn wait(&self) {
        let mut count = self.count.lock();
        // No wakeup is lost. The counter changes only under the lock, and we hold the lock from our look at
        // it until `Condvar::wait` has put us among the sleepers, which releases the lock in the same step.
        // So whoever makes the counter zero has the lock either before us, and then we see the zero, or
        // after we fell asleep, and then its `notify_all`, later still, finds us.
        //
        // A loop, because being woken proves nothing: the wakeup may be spurious, or the notification that
        // an earlier zero sent after it had released the lock.
        while *count != 0 {
            self.zero.wait(&mut count);
        }
    }
}
