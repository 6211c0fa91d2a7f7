//! A wait group: a counter of unfinished tasks that threads can wait on.

// Take locks, atomics and threads from `crate::sync`: the model checker sees no others. To begin with:
// use crate::sync::{Condvar, Mutex};

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
    // Your fields.
}

impl WaitGroup {
    /// Creates a group whose counter is zero: there is nothing to wait for.
    pub fn new() -> Self {
        todo!("make a group whose counter is zero")
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
        todo!("add {delta} to the counter, and at zero wake all waiters")
    }

    /// Subtracts one from the counter, as `add(-1)` does: one task is finished.
    ///
    /// # Panics
    /// Panics with `wait_group: negative counter` if the counter is already zero.
    pub fn done(&self) {
        todo!("subtract one from the counter")
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
        todo!("sleep until the counter is zero")
    }
}
