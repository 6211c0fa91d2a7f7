//! A wait group in one atomic word: the counter of unfinished tasks, and whether anybody waits for them.

// Atomics and the futex: all from `crate::sync`, or the model checker does not see them. To begin with:
// use crate::sync::atomic::AtomicU32;
// use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
// use crate::sync::futex;

/// Waits until any number of tasks are finished: Go's `sync.WaitGroup`, without a lock.
///
/// It counts the tasks that are not finished: whoever hands one out calls [`add`](Self::add) first, the task
/// calls [`done`](Self::done) last, and [`wait`](Self::wait) returns when the counter is zero. Threads share
/// a group by reference or in an `Arc`.
///
/// It does what the wait group on a mutex and a condition variable does. But `add` and `done` take no lock, and
/// only the `done` that releases somebody calls the operating system. A group is at most 16 bytes large, and
/// owns nothing elsewhere.
///
/// ```
/// use std::thread;
///
/// let group = WaitGroup::new();
/// thread::scope(|s| {
///     for part in 0..3 {
///         group.add(1);
///         let group = &group;
///         s.spawn(move || {
///             println!("part {part} is ready");
///             group.done();
///             println!("part {part} tidies up");
///         });
///     }
///     group.wait();
///     println!("all three are ready");
/// });
/// ```
pub struct WaitGroup {
    // Your word, or words.
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
        todo!("add {delta} to the counter; if that makes it zero, wake all who wait")
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
    /// When the counter reaches zero and stays there, every wait returns. Rounds may overlap: if the counter
    /// rises again while some waits of the last round have not returned yet, each of those may return or may go
    /// on until the next zero, and those that begin then wait for the new tasks and are not let go by anything
    /// that is left of the old round. Go panics where it notices such an overlap.
    pub fn wait(&self) {
        todo!("register and sleep, unless or until the counter is zero")
    }
}
