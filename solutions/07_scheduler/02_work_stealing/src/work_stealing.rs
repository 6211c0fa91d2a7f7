//! The thief's side of a run queue: half of another worker's tasks at once, and the order in which to ask the others.

use super::run_queue::{Local, Stealer, slot_of};
use super::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use super::{CAPACITY, Task};
use std::ptr;

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
        loop {
            let tail = match self.steal_half(into) {
                Ok(task) => return Some(task),
                Err(tail) => tail,
            };
            // Acquire: pairs with the Release in `push_next`, and with that in `pop`, for the look at the tail below.
            let next = self.shared.next.load(Acquire);
            if !next.is_null() {
                // Acquire once more: another task may stand at the same address by now.
                let taken =
                    self.shared
                        .next
                        .compare_exchange(next, ptr::null_mut(), Acquire, Relaxed);
                if taken.is_ok() {
                    // SAFETY: the pointer came from `into_raw`, and the exchange has taken it out: the reference is
                    // nobody else's. It has read what `push_next` released, so the task behind it is written.
                    return Some(unsafe { Task::from_raw(next) });
                }
            } else if self.shared.tail.load(Relaxed) == tail {
                // Nothing has gone into the ring since it was found empty, so it was empty when there was no next task.
                // Relaxed: the loads before are Acquire, so this sees each store of the tail that happens before the null.
                return None;
            }
        }
    }

    /// Takes half of the ring, as [`steal_into`](Stealer::steal_into) does. If the ring is empty, returns where its tail
    /// was then.
    fn steal_half(&self, into: &mut Local<T>) -> Result<Task<T>, u32> {
        loop {
            // Acquire: pairs with the Release of the exchanges of `head`. The tail that is read next is not behind it.
            let head = self.shared.head.load(Acquire);
            // Acquire: pairs with the Release in `publish`. The tasks before the tail are in their slots.
            let tail = self.shared.tail.load(Acquire);
            let tasks = tail.wrapping_sub(head);
            if tasks == 0 {
                return Err(tail);
            }
            let half = tasks - tasks / 2;
            if half > CAPACITY as u32 / 2 {
                // More than a ring can hold: between the two loads, tasks have left and others have come.
                continue;
            }
            // Copy first, then take: after the exchange, the owner may write these slots again. The copies lie beyond
            // the tail of `into`, where nobody looks, and are nobody's references yet.
            let copy = |number| self.shared.slots[slot_of(number)].load(Relaxed);
            let queued = into.room_for(half as usize - 1);
            for n in 0..queued {
                into.put(copy(head.wrapping_add(n)), n);
            }
            let last = head.wrapping_add(queued);
            let task = copy(last);
            // Release: pairs with the Acquire of the owner, which uses the slots again, and passes on what this thread
            // knows of the tail. If it fails, other threads have taken some of these tasks: look again.
            let after = last.wrapping_add(1);
            let taken = self
                .shared
                .head
                .compare_exchange(head, after, Release, Relaxed);
            if taken.is_ok() {
                // `head` has not moved since it was read, so none of these slots was free, and the owner has written none
                // of them: the copies are what `into_raw` returned for the tasks of these numbers, which were written
                // before the tail that was read. The exchange took them out, so they are nobody else's.
                into.publish(queued);
                // SAFETY: see above; and this one is not among those that `into` got.
                return Ok(unsafe { Task::from_raw(task) });
            }
        }
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
    /// How many passes there are, including the last one: as many as in Go.
    const PASSES: usize = 4;

    for _ in 1..PASSES {
        let mut pass = order.clone();
        let found = pass.find_map(|victim| victims[victim].steal_half(into).ok());
        if found.is_some() {
            return found;
        }
    }
    let mut last = order;
    last.find_map(|victim| victims[victim].steal_into(into))
}

/// The orders in which a worker may ask the others: where to begin, and in which strides to go on. Workers may share it.
///
/// If all began with worker 0 and went on to worker 1, they would meet there. Shuffling a list for each theft would cost
/// more than the theft.
#[derive(Debug)]
pub struct StealOrder {
    workers: usize,
    /// The numbers from 1 to `workers` that have no common divisor with it.
    strides: Vec<usize>,
}

/// One pass over the workers: each of them once.
#[derive(Clone, Debug)]
pub struct Pass {
    workers: usize,
    stride: usize,
    at: usize,
    left: usize,
}

impl StealOrder {
    /// Returns the orders for this number of workers.
    pub fn new(workers: usize) -> Self {
        let strides = (1..=workers).filter(|&stride| gcd(stride, workers) == 1);
        Self {
            workers,
            strides: strides.collect(),
        }
    }

    /// Returns a pass over all workers: their numbers from 0, each once. It goes in strides of one length, modulo the
    /// number of workers. The length has no common divisor with that number, so the pass comes to each worker before it is
    /// back at the first.
    ///
    /// `random` decides where it begins and how long the strides are. If it is a random number, each start may come with
    /// each such stride, also with many workers, as long as there are no more such pairs than random numbers.
    pub fn pass(&self, random: u32) -> Pass {
        let random = random as usize;
        let workers = self.workers;
        Pass {
            workers,
            stride: match self.strides.len() {
                0 => 0,
                strides => self.strides[random / workers % strides],
            },
            at: random.checked_rem(workers).unwrap_or(0),
            left: workers,
        }
    }
}

impl Iterator for Pass {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let worker = self.at;
        self.at = (worker + self.stride) % self.workers;
        Some(worker)
    }
}

/// The greatest common divisor, by Euclid.
fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
