//! A wait group in one atomic word: the counter of unfinished tasks, and whether anybody waits for them.

use crate::sync::atomic::AtomicU32;
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::sync::futex;

// The word, of n unfinished tasks:
//
// | state    | n           |                                                                      |
// |----------|-------------|----------------------------------------------------------------------|
// | 0        | 0           | a `wait` returns                                                     |
// | 2 n      | 1 to `MOST` | nobody waits: the last task has nobody to wake                       |
// | 2 n + 1  | 1 to `MOST` | somebody sleeps, or is about to: the last task wakes all             |
// | 1        | 0           | never: the step that makes the counter zero takes the 1 away         |

/// The lowest bit, set by a `wait` that is about to sleep.
const WAITERS: u32 = 1;

/// One unfinished task: the bits above WAITERS are the counter.
const TASK: u32 = 2;

/// The most that the counter holds: [`i32::MAX`].
const MOST: u32 = u32::MAX / TASK;

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
    /// Counter and WAITERS, as in the table above. It is also the word to sleep on.
    state: AtomicU32,
}

impl WaitGroup {
    /// A group whose counter is zero: there is nothing to wait for.
    pub fn new() -> Self {
        Self {
            state: AtomicU32::new(0),
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
        // It may be stale: then the exchange fails and brings the newest. It is never so stale that a right
        // program panics: the `add` that stands for a task happens before the task's `done`, which therefore
        // reads that `add` or something later, and until the `done` every value of the word counts the task.
        let mut state = self.state.load(Relaxed);
        loop {
            let count = sum(state / TASK, delta);
            // Who waits goes on waiting, except at zero: there they are released, and the same step makes the
            // word as good as new. From then on it belongs to the next round.
            let new = if count == 0 {
                0
            } else {
                (count * TASK) | (state & WAITERS)
            };
            // Release, on the way down, for what the task has written: pairs with the Acquire in `wait`. That
            // reads the zero of the last task only and synchronises with all of them, because every write of
            // the word is a read-modify-write, and those continue a release sequence whatever their ordering.
            match self
                .state
                .compare_exchange_weak(state, new, Release, Relaxed)
            {
                Ok(_) => {
                    // The value that we replaced says whether we owe a wakeup; whatever is in the word now is
                    // no longer about those we owe it. Waiters may have seen the zero and left, but the word
                    // cannot be gone: we have borrowed it. All of them, for this zero is for all. `wait` shows
                    // why none is missed. One that already waits in the next round is woken for nothing, and
                    // goes back to sleep.
                    if new == 0 && state & WAITERS != 0 {
                        futex::wake_all(&self.state);
                    }
                    return;
                }
                Err(newer) => state = newer,
            }
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
    /// When the counter reaches zero and stays there, every wait returns. Rounds may overlap: if the counter
    /// rises again while some waits of the last round have not returned yet, each of those may return or may go
    /// on until the next zero, and those that begin then wait for the new tasks and are not let go by anything
    /// that is left of the old round. Go panics where it notices such an overlap.
    pub fn wait(&self) {
        loop {
            // Pairs with the Release in `add`: with the zero comes all that the tasks have written.
            let state = self.state.load(Acquire);
            if state == 0 {
                return;
            }
            // Nobody waits yet: say that we do, in the step that makes sure that there is still something to
            // wait for. If it fails, that may no longer be so, and we look again. Relaxed: it tells others that
            // we wait, nothing more, and what it reads does not let us go.
            let asleep = state | WAITERS;
            if state != asleep
                && self
                    .state
                    .compare_exchange_weak(state, asleep, Relaxed, Relaxed)
                    .is_err()
            {
                continue;
            }
            // No wakeup is lost. We fall asleep only if at that moment the word is `asleep`: a counter above
            // zero, and WAITERS. Only `add` changes such a word, and clears WAITERS only in the step that
            // makes the counter zero. So whoever takes that step, after we fell asleep, replaces a value with
            // WAITERS in it, and its `wake_all`, later still, finds us.
            //
            // A loop, because a return proves nothing: the word may have been another, one task fewer say; the
            // wakeup may be spurious, or one that an earlier round sent late.
            futex::wait(&self.state, asleep);
        }
    }
}

/// `count + delta`, which panics if no counter can be that: before anything is stored.
fn sum(count: u32, delta: isize) -> u32 {
    match (count as isize).checked_add(delta) {
        Some(sum) if sum < 0 => panic!("wait_group: negative counter"),
        Some(sum) if sum <= MOST as isize => sum as u32,
        _ => panic!("wait_group: counter overflow"),
    }
}
