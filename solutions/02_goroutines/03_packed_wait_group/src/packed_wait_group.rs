//! A wait group in one atomic word: the counter of unfinished tasks, and whether a thread waits for them.

use crate::sync::atomic::AtomicU32;
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::sync::futex;

// The word, for n unfinished tasks:
//
// | state    | n           |                                                                      |
// |----------|-------------|----------------------------------------------------------------------|
// | 0        | 0           | `wait` returns                                                       |
// | 2 n      | 1 to `MOST` | no thread waits: the last task has no thread to wake                 |
// | 2 n + 1  | 1 to `MOST` | a thread sleeps, or is about to: the last task wakes all             |
// | 1        | 0           | never: the step that makes the counter zero also clears WAITERS      |

/// The lowest bit, set by a `wait` that is about to sleep.
const WAITERS: u32 = 1;

/// One unfinished task: the bits above WAITERS are the counter.
const TASK: u32 = 2;

/// The most that the counter holds: [`i32::MAX`].
const MOST: u32 = u32::MAX / TASK;

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
    /// Counter and WAITERS, as in the table above. It is also the word to sleep on.
    state: AtomicU32,
}

impl WaitGroup {
    /// Creates a group whose counter is zero: there is nothing to wait for.
    pub fn new() -> Self {
        Self {
            state: AtomicU32::new(0),
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
    /// [`i32::MAX`] and at most [`usize::MAX`]. Either way, the counter keeps the value that it had before,
    /// at every moment: calls in other threads go on as if there had been no such call.
    pub fn add(&self, delta: isize) {
        // This may be stale: then the exchange fails and returns the newest value. It is never so stale
        // that a correct program panics: the `add` of a task happens before the task's `done`, which
        // therefore reads the value of that `add` or a later one, and until the `done` every value of the
        // word counts the task.
        let mut state = self.state.load(Relaxed);
        loop {
            let count = sum(state / TASK, delta);
            // Waiters keep waiting, except at zero: there they are released, and the same step makes the
            // word as good as new. From then on, it belongs to the next round.
            let new = if count == 0 {
                0
            } else {
                (count * TASK) | (state & WAITERS)
            };
            // Release, for what the task has written before its `done`: pairs with the Acquire in `wait`.
            // The Acquire reads only the last task's zero but synchronises with all tasks, because every
            // write of the word is a read-modify-write, and those continue a release sequence whatever
            // their ordering.
            match self
                .state
                .compare_exchange_weak(state, new, Release, Relaxed)
            {
                Ok(_) => {
                    // The value that this step replaced says whether there are waiters to wake; the word may
                    // already belong to the next round. The waiters may have seen the zero and left, but the
                    // word is still there, because `self` borrows it. This zero is for all waiters, so it
                    // wakes all. `wait` proves that none is missed. A waiter of the next round is woken for
                    // nothing, and goes back to sleep.
                    if new == 0 && state & WAITERS != 0 {
                        futex::wake_all(&self.state);
                    }
                    return;
                }
                Err(newer) => state = newer,
            }
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
    /// If the counter reaches zero and stays there, every wait returns. Rounds may overlap: the counter may
    /// rise again while some waits of the last round have not returned yet. Each of those waits may return,
    /// or may sleep until the next zero. Waits that begin then wait for the new tasks, and nothing that is
    /// left of the old round ends them. Go panics if it notices such an overlap.
    pub fn wait(&self) {
        loop {
            // Pairs with the Release in `add`: what the tasks have written happens before a load of the
            // zero.
            let state = self.state.load(Acquire);
            if state == 0 {
                return;
            }
            // If no thread waits yet, set the mark, in the same step that checks that there is still
            // something to wait for. If the step fails, the counter may be zero, so check again. Relaxed:
            // it tells others that this thread waits and nothing more, and `wait` does not return because
            // of what it reads.
            let asleep = state | WAITERS;
            if state != asleep
                && self
                    .state
                    .compare_exchange_weak(state, asleep, Relaxed, Relaxed)
                    .is_err()
            {
                continue;
            }
            // No wakeup is lost. This thread falls asleep only if the word is `asleep` at that moment: a
            // counter above zero, and WAITERS. Only `add` changes such a word, and it clears WAITERS only
            // in the step that makes the counter zero. So that step, after this thread fell asleep,
            // replaces a value with WAITERS in it, and the `wake_all`, which comes later still, wakes this
            // thread.
            //
            // A loop, because a return proves nothing: the word may have been different, by one task less,
            // say; the wakeup may be spurious; or an earlier round may have sent it late.
            futex::wait(&self.state, asleep);
        }
    }
}

/// Returns `count + delta`, or panics, before anything is stored, if the counter cannot hold the sum.
fn sum(count: u32, delta: isize) -> u32 {
    match (count as isize).checked_add(delta) {
        Some(sum) if sum < 0 => panic!("wait_group: negative counter"),
        Some(sum) if sum <= MOST as isize => sum as u32,
        _ => panic!("wait_group: counter overflow"),
    }
}
