//! Where a P looks for work: the rules of Go's scheduler, one function each, with Go's names.

use simulator::{Found, G, RUNQ, Sched, Source};
use std::mem::{swap, take};

/// After this many slices a P looks into the global queue first.
const TURN: u32 = 61;

/// How many times a thief goes round all Ps.
const STEAL_TRIES: usize = 4;

/// Makes `g` the task that P `pp` runs next. The one that was in its place goes to the tail of the P's ring.
///
/// This is what `go` does with a new task, and a wakeup with one that was blocked, on the P that runs it.
pub fn ready(sched: &mut Sched, pp: usize, g: G) {
    let p = &mut sched.allp[pp];
    let kicked = p.runnext.replace(g);
    p.runq.extend(kicked);
}

/// Puts `g` at the tail of the ring of P `pp`: a task that hands its P over to the next one there.
pub fn goyield(sched: &mut Sched, pp: usize, g: G) {
    sched.allp[pp].runq.push_back(g);
}

/// Puts `g` at the tail of the global queue: a task that gives way to all others, because it wants to or
/// because its slice is over.
pub fn gosched(sched: &mut Sched, g: G) {
    sched.runq.push_back(g);
}

/// Begins to run a task on P `pp`: counts a slice in `schedtick`, unless the task runs in what is left of the
/// previous one. After the last `u32` comes 0.
pub fn execute(sched: &mut Sched, pp: usize, inherit_time: bool) {
    if !inherit_time {
        let tick = &mut sched.allp[pp].schedtick;
        *tick = tick.wrapping_add(1);
    }
}

/// Takes one of P `pp`'s own tasks, and returns whether it inherits the time slice: the one that runs next,
/// which does, or else the oldest in the ring, which does not.
pub fn runqget(sched: &mut Sched, pp: usize) -> Option<(G, bool)> {
    let p = &mut sched.allp[pp];
    let next = p.runnext.take().map(|g| (g, true));
    next.or_else(|| Some((p.runq.pop_front()?, false)))
}

/// Takes P `pp`'s share of the global queue: `len / GOMAXPROCS + 1` tasks, but no more than there are, than fit
/// into half of a ring, or than `max`. Returns the oldest; the others go to the tail of the P's ring, in
/// order.
pub fn globrunqget(sched: &mut Sched, pp: usize, max: usize) -> Option<G> {
    let len = sched.runq.len();
    let share = (len / sched.allp.len() + 1).min(len).min(RUNQ / 2).min(max);
    let mut batch = sched.runq.drain(..share);
    let g = batch.next();
    sched.allp[pp].runq.extend(batch);
    g
}

/// Steals half of the ring of P `victim` for P `pp`, rounded up, from the front. Returns the last of them;
/// the others go to the tail of `pp`'s ring, in order. If the ring is empty and `steal_runnext` is true,
/// returns the task that `victim` would run next.
pub fn runqsteal(sched: &mut Sched, pp: usize, victim: usize, steal_runnext: bool) -> Option<G> {
    let from = &mut sched.allp[victim];
    let n = from.runq.len() - from.runq.len() / 2;
    if n == 0 {
        return if steal_runnext {
            from.runnext.take()
        } else {
            None
        };
    }
    let mut grabbed = from.runq.split_off(n);
    swap(&mut grabbed, &mut from.runq);
    let g = grabbed.pop_back();
    sched.allp[pp].runq.append(&mut grabbed);
    g
}

/// Returns the order in which a thief goes round `gomaxprocs` Ps: it begins at `random % gomaxprocs` and goes
/// on in steps that have no divisor in common with `gomaxprocs`, so it comes to each P once. The step depends
/// on `random`, too.
pub fn steal_order(gomaxprocs: usize, random: u32) -> Vec<usize> {
    let random = random as usize;
    let coprimes: Vec<usize> = (1..=gomaxprocs)
        .filter(|&step| gcd(step, gomaxprocs) == 1)
        .collect();
    let step = coprimes[random / gomaxprocs % coprimes.len()];
    (0..gomaxprocs)
        .map(|n| (random % gomaxprocs + n * step) % gomaxprocs)
        .collect()
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
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
    let found = |g, source| {
        let inherit_time = source == Source::RunNext;
        Some(Found {
            g,
            source,
            inherit_time,
        })
    };
    sched.allp[pp].idle = false;

    if sched.allp[pp].schedtick.is_multiple_of(TURN)
        && let Some(g) = globrunqget(sched, pp, 1)
    {
        return found(g, Source::Turn);
    }
    if let Some((g, inherits)) = runqget(sched, pp) {
        let own = [Source::Runq, Source::RunNext];
        return found(g, own[usize::from(inherits)]);
    }
    if let Some(g) = globrunqget(sched, pp, usize::MAX) {
        return found(g, Source::Global);
    }
    if let Some(g) = netpoll(sched, pp) {
        return found(g, Source::Netpoll);
    }
    for round in 1..=STEAL_TRIES {
        for victim in steal_order(sched.allp.len(), cheaprand()) {
            if victim != pp
                && !sched.allp[victim].idle
                && let Some(g) = runqsteal(sched, pp, victim, round == STEAL_TRIES)
            {
                return found(g, Source::Stolen(victim));
            }
        }
    }
    // Here, and after it has given up its P, Go looks into the global queue and at all others once more: tasks
    // may have come meanwhile. In a simulator nothing happens meanwhile.
    sched.allp[pp].idle = true;
    None
}

/// Takes all tasks whose I/O is ready. Returns the oldest, and hands out the others.
fn netpoll(sched: &mut Sched, pp: usize) -> Option<G> {
    let mut ready = take(&mut sched.netpoll);
    let g = ready.pop_front();
    let idle = sched.allp.iter().filter(|p| p.idle).count();
    sched.runq.extend(ready.drain(..idle.min(ready.len())));
    sched.allp[pp].runq.extend(ready);
    g
}
