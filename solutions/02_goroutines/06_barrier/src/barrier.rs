//! A cyclic barrier: a place where threads wait until enough of them are there, round after round.

use crate::sync::{Condvar, Mutex};

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
    /// How many calls make a round.
    n: usize,
    round: Mutex<Round>,
    /// Where threads sleep until the round in which they arrived is over.
    full: Condvar,
}

/// The round that is filling. Whoever fills it begins the next one and notifies `full`.
struct Round {
    /// Which one it is. No number comes again, or a thread that is slow to leave could take a later round for
    /// its own: one bit is not enough, and 64 last for centuries.
    number: u64,
    /// How many have arrived, always fewer than `n`.
    arrived: usize,
}

impl Barrier {
    /// A barrier for rounds of `n` calls, at which nobody has arrived.
    ///
    /// # Panics
    /// With `barrier: no participants` if `n` is zero: a round that takes no call is full before the first.
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
        let mut round = self.round.lock();
        round.arrived += 1;
        if round.arrived == self.n {
            // The next round begins in this step, whole. Whoever gets the lock after us arrives in an empty round,
            // and those who are still on their way out look at the number only, which no arrival but the last
            // changes, and never back. That is why nobody has to wait until they are gone.
            round.number += 1;
            round.arrived = 0;
            // Notify after the lock is released: whoever is woken needs it first. All of them, for all sleep
            // until this change; the loop below shows why none is missed.
            drop(round);
            self.full.notify_all();
            return BarrierWaitResult { leader: true };
        }
        let own = round.number;
        // No wakeup is lost. The number changes only under the lock, and we hold the lock from our arrival until
        // `Condvar::wait` has put us among the sleepers, which releases the lock in the same step. So whoever
        // fills this round gets the lock after we fell asleep, and its `notify_all`, later still, finds us.
        //
        // A loop, because being woken proves nothing: the wakeup may be spurious, or the notification that the
        // round before sent after it had released the lock.
        //
        // What the others of this round did before they came, each did before it unlocked. The last one locked
        // after all of them, and whoever sees the number changed has locked after the last one.
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
    /// Whether this thread is the one of its round that does what has to be done once, such as merging what
    /// all have found. It has no head start: the others leave when it does, and wait for nothing that it does.
    pub fn is_leader(&self) -> bool {
        self.leader
    }
}
