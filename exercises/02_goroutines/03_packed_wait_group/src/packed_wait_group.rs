//! A wait group in one atomic word: the counter of unfinished tasks, and whether a thread waits for them.

// Take atomics and the futex from `crate::sync`: the model checker sees no others. To begin with:
// use crate::sync::atomic::AtomicU32;
// use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
// use crate::sync::futex;

/// Waits until any number of tasks are finished: Go's `sync.WaitGroup`, without a lock.
///
/// A wait group counts the unfinished tasks. Call [`add`](Self::add) before you start a task; the task
/// calls [`done`](Self::done) last, and [`wait`](Self::wait) returns when the counter is zero. Threads
/// share a group by reference or in an `Arc`.
///
/// It does what the wait group made of a mutex and a condition variable does. But `add` and `done` take no
/// lock, and they call the operating system only to release waiters. A group takes at most 16 bytes, and
/// owns no memory elsewhere.
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
///             println!("part {part} cleans up");
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
    /// [`i32::MAX`] and at most [`usize::MAX`]. Either way, the counter keeps the value that it had before,
    /// at every moment: calls in other threads go on as if there had been no such call.
    pub fn add(&self, delta: isize) {
        todo!("add {delta} to the counter; if that makes it zero, wake all waiters")
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
    /// If the counter reaches zero and stays there, every wait returns. Rounds may overlap: the counter may
    /// rise again while some waits of the last round have not returned yet. Each of those waits may return,
    /// or may sleep until the next zero. Waits that begin then wait for the new tasks, and nothing that is
    /// left of the old round ends them. Go panics if it notices such an overlap.
    pub fn wait(&self) {
        todo!("return if the counter is zero; otherwise register and sleep until it is")
    }
}
