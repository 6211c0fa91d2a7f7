//! A wait group: a counter of unfinished tasks that threads can wait on.

// Locks, atomics, threads: all from `crate::sync`, or the model checker does not see them. To begin with:
// use crate::sync::{Condvar, Mutex};

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
    // Your fields.
}

impl WaitGroup {
    /// A group whose counter is zero: there is nothing to wait for.
    pub fn new() -> Self {
        todo!("make a group whose counter is zero")
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
        todo!("add {delta} to the counter, and at zero wake all who wait")
    }

    /// Takes one from the counter, as `add(-1)` does: one task is finished.
    ///
    /// # Panics
    /// With `wait_group: negative counter` if the counter is zero already.
    pub fn done(&self) {
        todo!("take one from the counter")
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
        todo!("sleep until the counter is zero")
    }
}
