//! A cyclic barrier: a place where threads wait until enough of them have arrived, round after round.

// Take locks, atomics and threads from `crate::sync`: the model checker sees no others. To begin with:
// use crate::sync::{Condvar, Mutex};

/// Lets threads work in step: no thread gets past [`wait`](Self::wait) before `n` threads have called it.
/// The barrier is cyclic: the next `n` calls make the next round.
///
/// At a wait group, some threads wait for the work and other threads do it. At a barrier, each thread does
/// both: it has finished a step, and it waits for the others. The user of a wait group has to know that a
/// round is over before the next may begin. A barrier takes care of that itself.
///
/// A barrier counts calls, not threads. The threads of one round need not be those of the next, and more
/// than `n` threads may use one barrier. Threads share it by reference or in an `Arc`.
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
///                 println!("all three parts are written");
///             }
///         });
///     }
/// });
/// ```
pub struct Barrier {
    // Your fields.
}

impl Barrier {
    /// Creates a barrier for rounds of `n` calls. No call has arrived yet.
    ///
    /// # Panics
    /// Panics with `barrier: no participants` if `n` is zero: a round of no calls would be full before the
    /// first.
    pub fn new(n: usize) -> Self {
        todo!("make a barrier for rounds of {n}")
    }

    /// Arrives, and sleeps until the round is full.
    ///
    /// The first `n` calls on a barrier are its first round, the next `n` are its second, and so on without
    /// end. A call returns only if all `n` calls of its round have been made. When they have been made, all
    /// `n` return, however long one of them takes to leave and however many rounds go by in the meantime. A
    /// thread that has returned may call again at once, even if other threads of its round have not left
    /// yet.
    ///
    /// Exactly one of the `n` results of a round [is the leader's](BarrierWaitResult::is_leader). It is not
    /// specified which one.
    ///
    /// Everything that the threads of a round did before their calls happens before each of these calls
    /// returns.
    ///
    /// If a round never fills, its threads sleep for ever. A thread that panics before its call does not
    /// arrive. A barrier keeps nothing of a round that is over.
    pub fn wait(&self) -> BarrierWaitResult {
        todo!("arrive; the last of a round releases the others, which sleep until then")
    }
}

/// What [`Barrier::wait`] returns: whether this call was its round's leader.
#[derive(Debug)]
pub struct BarrierWaitResult {
    // This type is complete; `wait` returns it.
    leader: bool,
}

impl BarrierWaitResult {
    /// Returns whether this thread is the leader of its round: the one that does what has to be done once,
    /// such as merging the results of all. The leader has no head start: the others do not wait for
    /// anything that it does.
    pub fn is_leader(&self) -> bool {
        self.leader
    }
}
