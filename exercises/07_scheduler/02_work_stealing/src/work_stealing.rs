//! The thief's side of a run queue: half of another worker's tasks at once, and the order in which to ask the others.

// The queue is the reference of lesson 7.1, solutions/07_scheduler/01_run_queue/src/run_queue.rs: see `Shared` and `slot_of`
// there, and what `Local` has for you: `room_for`, `put`, `publish`. Atomics come from `crate::sync`, or the model checker does
// not see them; `crate::CAPACITY` says how many tasks a ring holds. A task is an `Arc`.
use crate::{Local, Stealer, Task};

impl<T> Stealer<T> {
    /// Takes the older half of the tasks in the ring, rounded up, all at one moment. Returns the newest of them, for the
    /// caller to run, and puts the others at the end of the ring of `into`, oldest first. If the ring of `into` has room
    /// for fewer, it takes one more than there is room for; the next task of `into` takes no room.
    ///
    /// Takes the task that runs next only if the ring is empty.
    ///
    /// `None` means that at one moment of the call there was no task in the queue, and not that others were faster, however
    /// often. A task that [`push_next`](Local::push_next) is moving to the ring counts as there, as long as nobody has
    /// stolen the task that takes its place.
    ///
    /// `into` may be the owner's handle of this very queue, and the same holds. That changes the order of its tasks.
    pub fn steal_into(&self, into: &mut Local<T>) -> Option<Task<T>> {
        let _ = into;
        todo!("copy half of the ring to `into`, take it with one exchange; or take the next task")
    }
}

/// Asks the `victims` in the given order, and steals from the first that has tasks, as
/// [`steal_into`](Stealer::steal_into) does.
///
/// No victim loses the task that runs next while another of them has tasks in its ring: next tasks are taken only in a last
/// pass over the order, after all rings were found empty. A worker that has just woken a task is about to run it, and
/// has in its caches what that task works on.
///
/// The order may be a [`Pass`], with a `filter` that leaves out the worker itself and those that are idle; it may name a
/// victim more than once. `None` means that each victim of the order had no task at one moment of the call.
///
/// # Panics
/// If `order` yields an index that is not in `victims` before one whose victim has tasks, or if no victim has any.
pub fn steal_work<T>(
    victims: &[Stealer<T>],
    order: impl Iterator<Item = usize> + Clone,
    into: &mut Local<T>,
) -> Option<Task<T>> {
    let _ = (victims, order, into);
    todo!(
        "look at the rings first, in passes over the order, and at the next tasks in the last one"
    )
}

/// The orders in which a worker may ask the others: where to begin, and in which strides to go on. Workers may share it.
///
/// If all began with worker 0 and went on to worker 1, they would meet there. Shuffling a list for each theft would cost
/// more than the theft.
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

    /// Returns a pass over all workers: their numbers from 0, each once. It goes in strides of one length, modulo the
    /// number of workers. The length has no common divisor with that number, so the pass comes to each worker before it is
    /// back at the first.
    ///
    /// `random` decides where it begins and how long the strides are. If it is a random number, each start may come with
    /// each such stride, also with many workers, as long as there are no more such pairs than random numbers.
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
