//! A cyclic barrier: a place where threads wait until enough of them are there, round after round.

// Locks, atomics, threads: all from `crate::sync`, or the model checker does not see them. To begin with:
// use crate::sync::{Condvar, Mutex};

/// Lets threads work in step: nobody gets past [`wait`](Self::wait) before `n` threads have come to it. It is
/// cyclic: the next `n` calls make the next round.
///
/// A wait group holds those who wait for work and lets the workers go; here whoever arrives is both, the worker
/// who has finished a step and the one who waits for the others. And a wait group's user has to know when a
/// round is over before the next may begin. A barrier takes care of that itself.
///
/// It counts calls, not threads. Those of one round need not be those of the next, and more than `n` threads
/// may use one barrier. Threads share it by reference or in an `Arc`.
///
/// ```
/// use std::thread;
///
/// let barrier = Barrier::new(3);
/// thread::scope(|s| {
///     for worker in 0..3 {
///         let barrier = &barrier;
///         s.spawn(move || {
///             println!("worker {worker} has written its part");
///             if barrier.wait().is_leader() {
///                 println!("all three have, says one of them");
///             }
///         });
///     }
/// });
/// ```
pub struct Barrier {
    // Your fields.
}

impl Barrier {
    /// A barrier for rounds of `n` calls, at which nobody has arrived.
    ///
    /// # Panics
    /// With `barrier: no participants` if `n` is zero: a round that takes no call is full before the first.
    pub fn new(n: usize) -> Self {
        todo!("make a barrier for rounds of {n}")
    }

    /// Arrives, and sleeps until the round is full.
    ///
    /// The first `n` calls on a barrier are its first round, the next `n` its second, and so on without end. A
    /// call returns only if all the `n` calls of its round have been made. And when they have been made, all `n`
    /// return, however long one of them takes to leave and however many rounds go by meanwhile. Whoever has
    /// returned may call again at once, also while others of its round have yet to leave.
    ///
    /// Exactly one of the `n` results of a round [is the leader's](BarrierWaitResult::is_leader). Which one
    /// is not defined.
    ///
    /// All that the threads of a round did before their calls happens before each of these calls returns.
    ///
    /// A round that never fills holds its threads for ever. A thread that panics before its call is not there.
    pub fn wait(&self) -> BarrierWaitResult {
        todo!("arrive; the last of a round lets the others go, and the others sleep until then")
    }
}

/// What [`Barrier::wait`] returns: whether this call was its round's leader.
#[derive(Debug)]
pub struct BarrierWaitResult {
    // This type is complete; `wait` makes it.
    leader: bool,
}

impl BarrierWaitResult {
    /// Whether this thread is the one of its round that does what has to be done once, such as merging what
    /// all have found. It has no head start: the others leave when it does, and wait for nothing that it does.
    pub fn is_leader(&self) -> bool {
        self.leader
    }
}
