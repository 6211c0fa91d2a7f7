//! A cyclic barrier: a place where threads wait until enough of them have arrived, round after round.

use crate::sync::{Condvar, Mutex};

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
    /// The number of calls that make a round.
    n: usize,
    round: Mutex<Round>,
    /// Threads sleep here until the round in which they arrived is over.
    full: Condvar,
}

/// The round that is filling. The call that fills it begins the next one and notifies `full`.
struct Round {
    /// The number of this round. No number comes again, because a thread that is slow to leave could
    /// mistake a later round for its own: one bit is not enough, but 64 bits last for centuries.
    number: u64,
    /// The number of calls that have arrived, always fewer than `n`.
    arrived: usize,
}

impl Barrier {
    /// Creates a barrier for rounds of `n` calls. No call has arrived yet.
    ///
    /// # Panics
    /// Panics with `barrier: no participants` if `n` is zero: a round of no calls would be full before the
    /// first.
    pub fn new(n: usize) -> Self {
        assert!(n > 0, "barrier: no participants");
        Self {
            n,
            round: Mutex::new(Round {
                number: 0,
                arrived: 0,
            }),
            full: Condvar::new(),
        }
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
        let mut round = self.round.lock();
        round.arrived += 1;
        if round.arrived == self.n {
            // The whole next round begins in this step. The next thread to get the lock arrives in an empty
            // round. Threads that have not left yet check only the number, which only the last arrival of a
            // round changes, and never back. That is why no thread has to wait until they have left.
            round.number += 1;
            round.arrived = 0;
            // Notify after the lock is released: a woken thread needs the lock first. All sleepers wait for
            // this change, so notify all; the comment at the loop below proves that none is missed.
            drop(round);
            self.full.notify_all();
            return BarrierWaitResult { leader: true };
        }
        let own = round.number;
        // No wakeup is lost. The number changes only under the lock, and this thread holds the lock from
        // its arrival until `Condvar::wait` has put it to sleep, which unlocks in the same step. So the
        // thread that fills this round gets the lock after this thread is asleep, and its `notify_all`,
        // which comes later still, wakes this thread.
        //
        // A loop, because a wakeup proves nothing: it may be spurious, or it may come from the round
        // before, whose notification is sent after the lock is released.
        //
        // What each thread of this round did before its call, it did before it unlocked. The last one
        // locked after all the others, and a thread that sees the number changed has locked after the last
        // one.
        while round.number == own {
            self.full.wait(&mut round);
        }
        BarrierWaitResult { leader: false }
    }
}

/// What [`Barrier::wait`] returns: whether this call was its round's leader.
#[derive(Debug)]
pub struct BarrierWaitResult {
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
