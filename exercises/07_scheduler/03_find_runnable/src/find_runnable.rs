//! Where a P looks for work: the rules of Go's scheduler, one function each, with Go's names.
//!
//! The state is given: read `Sched` and `P` in `exercises/07_scheduler/simulator/src/lib.rs`. `pp` is the
//! number of a P, and `sched.allp[pp]` is that P. Each function changes the state as its docs say, and
//! nothing else of it.

use simulator::{Found, G, Sched};

/// Makes `g` the task that P `pp` runs next. The one that was in its place goes to the tail of the P's ring.
///
/// This is what `go` does with a new task, and a wakeup with one that was blocked, on the P that runs it.
pub fn ready(sched: &mut Sched, pp: usize, g: G) {
    let _ = (sched, pp, g);
    todo!("put the task into `runnext`, and the one that was there at the tail of the ring")
}

/// Puts `g` at the tail of the ring of P `pp`: a task that hands its P over to the next one there.
pub fn goyield(sched: &mut Sched, pp: usize, g: G) {
    let _ = (sched, pp, g);
    todo!("put the task at the tail of the P's ring")
}

/// Puts `g` at the tail of the global queue: a task that gives way to all others, because it wants to or
/// because its slice is over.
pub fn gosched(sched: &mut Sched, g: G) {
    let _ = (sched, g);
    todo!("put the task at the tail of the global queue")
}

/// Begins to run a task on P `pp`: counts a slice in `schedtick`, unless the task runs in what is left of the
/// previous one. After the last `u32` comes 0.
pub fn execute(sched: &mut Sched, pp: usize, inherit_time: bool) {
    let _ = (sched, pp, inherit_time);
    todo!("count a slice, unless the task inherits one")
}

/// Takes one of P `pp`'s own tasks, and returns whether it inherits the time slice: the one that runs next,
/// which does, or else the oldest in the ring, which does not.
pub fn runqget(sched: &mut Sched, pp: usize) -> Option<(G, bool)> {
    let _ = (sched, pp);
    todo!("take the next task, or else the oldest of the ring")
}

/// Takes P `pp`'s share of the global queue: `len / GOMAXPROCS + 1` tasks, but no more than there are, than fit
/// into half of a ring, or than `max`. Returns the oldest; the others go to the tail of the P's ring, in
/// order.
pub fn globrunqget(sched: &mut Sched, pp: usize, max: usize) -> Option<G> {
    let _ = (sched, pp, max);
    todo!("take a share of the global queue: the first task to run, the others to the ring")
}

/// Steals half of the ring of P `victim` for P `pp`, rounded up, from the front. Returns the last of them;
/// the others go to the tail of `pp`'s ring, in order. If the ring is empty and `steal_runnext` is true,
/// returns the task that `victim` would run next.
pub fn runqsteal(sched: &mut Sched, pp: usize, victim: usize, steal_runnext: bool) -> Option<G> {
    let _ = (sched, pp, victim, steal_runnext);
    todo!("take half of the victim's ring: the last of it to run, the others to the ring")
}

/// Returns the order in which a thief goes round `gomaxprocs` Ps: it begins at `random % gomaxprocs` and goes
/// on in steps that have no divisor in common with `gomaxprocs`, so it comes to each P once. The step depends
/// on `random`, too.
pub fn steal_order(gomaxprocs: usize, random: u32) -> Vec<usize> {
    let _ = (gomaxprocs, random);
    todo!("begin anywhere, and go round in steps that are coprime to `gomaxprocs`")
}

/// Finds a task for P `pp`, which has none, and takes it out of its queue. `None` means that there is none
/// anywhere; then the P is idle, until it looks again.
///
/// It looks, in this order, into
/// 1. the global queue, if it is the queue's turn: if `schedtick` is a multiple of 61. It takes one task, not
///    its share;
/// 2. its own queue, by [`runqget`];
/// 3. the global queue, for its share, by [`globrunqget`];
/// 4. `netpoll`. It takes all, and runs the oldest; of the others, one for each P that is `idle` goes to the
///    tail of the global queue, the oldest first, and the rest to the tail of its own ring;
/// 5. the queues of the others, by [`runqsteal`]: in four rounds, each in a [`steal_order`], for which it asks
///    `cheaprand` each time, even if there is nobody to steal from, and not before. It leaves out itself and
///    those that are idle, and takes what another would run next only in the last round.
pub fn find_runnable(
    sched: &mut Sched,
    pp: usize,
    cheaprand: &mut dyn FnMut() -> u32,
) -> Option<Found> {
    let _ = (sched, pp, cheaprand);
    todo!("look in one place after the other, and say where the task was")
}
