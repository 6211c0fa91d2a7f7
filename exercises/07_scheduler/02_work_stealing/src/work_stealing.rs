//! The thief's side of a run queue: half of another worker's tasks at once, and the order in which to ask the others.

// The owner's side is in `run_queue.rs`: see `Shared` there, and what `Local` has for its neighbours: `room`, `put` and
// `publish`. Atomics come from `crate::sync`, or the model checker does not see them; `crate::CAPACITY` says how many tasks
// a ring holds.

use crate::{Local, Stealer, Task};

impl<T> Stealer<T> {
    /// Takes half of the tasks in the ring, rounded up, with one exchange: returns the newest of them, for the caller to
    /// run, and puts the others at the end of the ring of `into`, oldest first. If there is no room for all of them, it
    /// takes the oldest ones: one more than there is room for. Only if the ring is empty it takes the task that runs next.
    ///
    /// `None` means that at one moment of the call there was no task in the queue, and not that somebody else was
    /// faster. A task that [`push_next`](Local::push_next) is moving to the ring counts as there, as long as nobody has
    /// stolen the task that takes its place.
    ///
    /// The call does not sleep, yield or lock. `into` may be the owner's handle of this very queue.
    pub fn steal_into(&self, into: &mut Local<T>) -> Option<Task<T>> {
        let _ = into;
        todo!(
            "copy half of the ring into the slots of `into`, then take it with one exchange; or take the next task"
        )
    }
}

/// Looks for tasks at the `victims`, in the given order, and steals from the first that has some, as
/// [`steal_into`](Stealer::steal_into) does.
///
/// Each pass asks each victim of the `order` once. As long as one of the victims has tasks in its ring, no victim loses
/// the task that runs next: only when all rings were found empty, in several passes, does one more pass take those as
/// well. A worker that has just woken a task is about to run it; and then no other has to load what it works on.
///
/// A victim that is idle, or the worker itself, is left out of the order, by a `filter` for instance.
///
/// # Panics
/// If `order` yields an index that is not in `victims`.
pub fn steal_work<T>(
    victims: &[Stealer<T>],
    order: impl Iterator<Item = usize> + Clone,
    into: &mut Local<T>,
) -> Option<Task<T>> {
    let _ = (victims, order, into);
    todo!(
        "look at the rings first, in some passes over the order, and at the next tasks in the last one"
    )
}

/// The orders in which a worker may ask the others: where to begin, and in which strides to go on.
///
/// If all began with worker 0 and went on to worker 1, they would meet there. A list that is shuffled for each theft would
/// cost more than the theft.
#[derive(Debug)]
pub struct StealOrder {
    // Your fields.
}

/// One pass over the workers: each of them once.
#[derive(Clone, Debug)]
pub struct Pass {
    // Your fields.
}

impl StealOrder {
    /// Returns the orders for this number of workers.
    pub fn new(workers: usize) -> Self {
        let _ = workers;
        todo!("find the strides: the numbers that have no common divisor with `workers`")
    }

    /// Returns a pass over all workers: their numbers from 0, each once. `random` decides where it begins and how far it
    /// strides, modulo the number of workers.
    ///
    /// A stride has no common divisor with the number of workers, so it comes round to each before it comes to the first
    /// again. If `random` is random, the pass may begin with any worker, and use any such stride.
    pub fn pass(&self, random: u32) -> Pass {
        let _ = random;
        todo!("choose where to begin, and one of the strides")
    }
}

impl Iterator for Pass {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        todo!("return the next worker, until each has had its turn")
    }
}
