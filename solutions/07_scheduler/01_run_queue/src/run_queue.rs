//! One worker's queue of tasks, from which other workers may steal; and the queue that belongs to all workers.

use super::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use super::sync::atomic::{AtomicPtr, AtomicU32};
use super::sync::utils::CachePadded;
use super::sync::{Arc, Mutex};
use super::{CAPACITY, START, Task};
use std::array;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::ptr;

// The ring is a circle of pointers. `head` and `tail` count the tasks that have left it and entered it, and run on
// for ever; a task's slot is its number modulo the capacity.
//
//        head                tail
//   +----+----+----+----+----+----+----+----+
//   |    |  a |  b |  c |    |    |    |    |      tail - head = 3 tasks, the oldest first      next: d
//   +----+----+----+----+----+----+----+----+
//
// | who    | writes                          | takes                                    |
// |--------|---------------------------------|------------------------------------------|
// | owner  | slots, then `tail`; `next`      | `head` by a compare_exchange; `next` too |
// | thief  | nothing                         | the same                                 |
//
// A task in the ring belongs to the thread that moves `head` over its slot. Since `head` never comes back to an earlier
// number, an exchange that succeeds proves that nobody has touched the slot in between.
//
// What is `pub(super)` is for lesson 7.2, which includes this file, with an `Arc` as its `Task`.

/// What the owner and the thieves share.
pub(super) struct Shared<T> {
    /// The number of the oldest task in the ring. All move it, by exchanges only.
    pub(super) head: CachePadded<AtomicU32>,
    /// The number that the next task will get. Only the owner writes it.
    pub(super) tail: CachePadded<AtomicU32>,
    /// The task that runs next, or null. Only the owner puts one in; all take it out.
    pub(super) next: CachePadded<AtomicPtr<T>>,
    /// Pointers from `Task::into_raw`: from `head` up to `tail`, those of the tasks in the ring. What the other slots
    /// hold does not matter.
    pub(super) slots: [AtomicPtr<T>; CAPACITY],
    /// An `AtomicPtr<T>` may go to any thread, whatever `T` is. The tasks behind these go from thread to thread, one
    /// thread at a time, as what is in a mutex does: this field asks for `Task<T>: Send`, and so for `T: Send`.
    _tasks: PhantomData<Mutex<Task<T>>>,
}

/// Returns the slot of the task with this number. It stays right when the numbers wrap, because the capacity is a power of
/// two.
#[inline]
pub(super) fn slot_of(number: u32) -> usize {
    number as usize % CAPACITY
}

/// The owner's handle of a run queue: it alone puts tasks in.
///
/// The ring holds [`CAPACITY`] tasks, and one more is in the slot for the task that runs next. Unlike a channel it
/// is never full: a push that finds no room moves half of the ring to the [`Global`] queue.
///
/// ```
/// use run_queue::{Global, Local};
/// let (global, mut local) = (Global::new(), Local::new());
/// local.push(Box::new('a'), &global);
/// local.push(Box::new('b'), &global);
/// local.push_next(Box::new('c'), &global);
///
/// let thief = local.stealer();
/// assert_eq!(thief.steal(), Some(Box::new('a')));
/// assert_eq!(local.pop(), Some(Box::new('c')));
/// assert_eq!(local.pop(), Some(Box::new('b')));
/// assert!(thief.is_empty());
/// ```
///
/// No call sleeps, yields or waits for another thread to go on, except for the lock of the global queue. A push takes that
/// lock only for tasks that go there.
///
/// # Happens-before
/// What was done before a task was put into a queue happens before what is done after it was taken out.
///
/// # The end
/// What is in the queue when the owner is dropped can still be stolen. What is left is dropped with the last handle:
/// each task once, even if the drop of another one panics.
pub struct Local<T> {
    pub(super) shared: Arc<Shared<T>>,
    /// `shared.tail`: nobody else writes that, so it need never be read.
    tail: u32,
    /// Where this handle last saw `shared.head`. That may have moved on since, so there may be fewer tasks in the ring
    /// than this says, never more.
    head: u32,
}

/// A thief's handle of a run queue: it takes tasks out. Any number of clones may do so at the same time.
pub struct Stealer<T> {
    pub(super) shared: Arc<Shared<T>>,
}

/// The queue of all workers, behind a lock: tasks come out in the order in which they went in.
pub struct Global<T> {
    pub(super) tasks: Mutex<VecDeque<Task<T>>>,
}

impl<T> Local<T> {
    /// Returns the owner's handle of a new run queue, which is empty.
    pub fn new() -> Self {
        let shared = Shared {
            head: CachePadded::new(AtomicU32::new(START)),
            tail: CachePadded::new(AtomicU32::new(START)),
            next: CachePadded::new(AtomicPtr::new(ptr::null_mut())),
            slots: array::from_fn(|_| AtomicPtr::new(ptr::null_mut())),
            _tasks: PhantomData,
        };
        Self {
            shared: Arc::new(shared),
            tail: START,
            head: START,
        }
    }

    /// Returns a thief's handle of this queue.
    pub fn stealer(&self) -> Stealer<T> {
        Stealer {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Puts `task` at the end of the ring.
    ///
    /// If the ring is full, the older half of it goes to the end of `global` instead, oldest first, and `task` behind
    /// it: [`CAPACITY`]` / 2 + 1` tasks as one batch, with nobody else's in between. The other half stays.
    #[inline]
    pub fn push(&mut self, task: Task<T>, global: &Global<T>) {
        if self.room() == 0 {
            let half = (CAPACITY / 2) as u32;
            let rest = self.head.wrapping_add(half);
            // If this succeeds, `head` was where it was last seen, so the ring was full, and the older half is ours. If
            // it fails, thieves have made room meanwhile. AcqRel and Acquire: as in `pop`.
            match self
                .shared
                .head
                .compare_exchange(self.head, rest, AcqRel, Acquire)
            {
                Ok(oldest) => {
                    self.head = rest;
                    let half = (0..half).map(|n| {
                        let slot = &self.shared.slots[slot_of(oldest.wrapping_add(n))];
                        // SAFETY: the exchange took the tasks with these numbers out of the ring, and each is taken
                        // once. The slot still holds its pointer: only the owner writes slots, and this is the owner.
                        unsafe { Task::from_raw(slot.load(Relaxed)) }
                    });
                    global.push_batch(half.chain([task]).collect());
                    return;
                }
                Err(head) => self.head = head,
            }
        }
        self.put(Task::into_raw(task), 0);
        self.publish(1);
    }

    /// Makes `task` the one that [`pop`](Local::pop) returns next. The task that was in its place goes to the end of the
    /// ring, as by [`push`](Local::push).
    pub fn push_next(&mut self, task: Task<T>, global: &Global<T>) {
        let task: *const T = Task::into_raw(task);
        // Release: pairs with the Acquire exchange in `steal`.
        let old = self.shared.next.swap(task.cast_mut(), Release);
        if !old.is_null() {
            // SAFETY: only this function fills the slot for the next task, with pointers from `into_raw`, and the swap
            // has taken this one out: it is nobody else's. What lies behind it was written before an earlier call.
            self.push(unsafe { Task::from_raw(old) }, global);
        }
    }

    /// Puts `tasks` at the end of the ring, in order, as far as there is room. The rest goes to the end of `global` as
    /// one batch.
    pub fn push_batch(&mut self, tasks: Vec<Task<T>>, global: &Global<T>) {
        let room = self.room_for(tasks.len());
        let mut tasks = tasks.into_iter();
        let mut fit = 0;
        for task in tasks.by_ref().take(room as usize) {
            self.put(Task::into_raw(task), fit);
            fit += 1;
        }
        self.publish(fit);
        if tasks.len() > 0 {
            global.push_batch(tasks.collect());
        }
    }

    /// Takes the task that runs next, or else the oldest in the ring.
    ///
    /// `None` means that at one moment of the call there was no task in the queue, and not that a thief was faster.
    #[inline]
    pub fn pop(&mut self) -> Option<Task<T>> {
        // Relaxed: only this thread puts a task in, so this reads the newest. A thief may have taken it meanwhile; then the
        // exchange fails.
        let next = self.shared.next.load(Relaxed);
        if !next.is_null() {
            // Release: a thief that reads this null with Acquire sees how far the ring had been filled by now. There is
            // nothing to acquire, because this thread put the task in.
            let taken = self
                .shared
                .next
                .compare_exchange(next, ptr::null_mut(), Release, Relaxed);
            if taken.is_ok() {
                // SAFETY: `next` came from `into_raw`, and the exchange has taken it out: it is nobody else's.
                return Some(unsafe { Task::from_raw(next) });
            }
        }
        while self.head != self.tail {
            let after = self.head.wrapping_add(1);
            // Release: pairs with the Acquire of `head` in `steal`. A thief that sees the new head sees a tail that is not
            // behind it. Acquire, even if it fails: pairs with the Release of the exchange of a thief, which has read its
            // slot before. So the slots behind `head` may be written again.
            match self
                .shared
                .head
                .compare_exchange(self.head, after, AcqRel, Acquire)
            {
                Ok(oldest) => {
                    self.head = after;
                    let task = self.shared.slots[slot_of(oldest)].load(Relaxed);
                    // SAFETY: the exchange took this task out of the ring, so it is nobody else's. The slot still holds
                    // its pointer, from `into_raw`: only the owner writes slots, and this is the owner.
                    return Some(unsafe { Task::from_raw(task) });
                }
                Err(head) => self.head = head,
            }
        }
        None
    }

    /// Returns how many of this number of `tasks` fit into the ring.
    #[inline]
    pub(super) fn room_for(&mut self, tasks: usize) -> u32 {
        if (self.room() as usize) < tasks {
            // Acquire: pairs with the Release of a thief's exchange, as in `pop`.
            self.head = self.shared.head.load(Acquire);
        }
        tasks.min(self.room() as usize) as u32
    }

    /// Returns how many tasks fit into the ring, at least.
    #[inline]
    fn room(&self) -> u32 {
        CAPACITY as u32 - self.tail.wrapping_sub(self.head)
    }

    /// Writes `task` into the slot that is `ahead` slots beyond the tail and must be free. It is not in the ring yet.
    #[inline]
    pub(super) fn put(&mut self, task: *const T, ahead: u32) {
        // Relaxed: the tail publishes it. The slot's last task has been taken, and if a thief took it, it has read the slot
        // before: `self.head` was read with Acquire. A thief whose exchange will fail may read either pointer.
        self.shared.slots[slot_of(self.tail.wrapping_add(ahead))].store(task.cast_mut(), Relaxed);
    }

    /// Moves the tail over `tasks` slots that have been written.
    #[inline]
    pub(super) fn publish(&mut self, tasks: u32) {
        self.tail = self.tail.wrapping_add(tasks);
        // Release: pairs with the Acquire of the tail in `steal`. The tasks and their slots are written before.
        self.shared.tail.store(self.tail, Release);
    }
}

impl<T> Stealer<T> {
    /// Takes the oldest task of the ring, or the one that runs next if the ring is empty.
    ///
    /// `None` means that at one moment of the call there was no task in the queue, and not that others were faster, however
    /// often. A task that [`push_next`](Local::push_next) is moving to the ring counts as there, as long as nobody has
    /// stolen the task that takes its place.
    pub fn steal(&self) -> Option<Task<T>> {
        loop {
            // Acquire: pairs with the Release of the exchanges of `head`. The tail that is read next is not behind it.
            let head = self.shared.head.load(Acquire);
            // Acquire: pairs with the Release in `publish`. The tasks before the tail are in their slots.
            let tail = self.shared.tail.load(Acquire);
            if head != tail {
                // Copy first, then take: after the exchange, the owner may write the slot again.
                let task = self.shared.slots[slot_of(head)].load(Relaxed);
                let after = head.wrapping_add(1);
                // Release: pairs with the Acquire in `pop` and `push`, after which the slot is used again, and passes on
                // what this thread knows of the tail. If it fails, another thread has taken that task: look again.
                if self
                    .shared
                    .head
                    .compare_exchange(head, after, Release, Relaxed)
                    .is_ok()
                {
                    // SAFETY: `head` has not moved since it was read, so the slot was not free, and the owner has not
                    // written it: `task` is what `into_raw` returned for the task of this number, which was written
                    // before the tail that was read. The exchange took it out, so it is nobody else's.
                    return Some(unsafe { Task::from_raw(task) });
                }
                continue;
            }
            // Acquire: pairs with the Release in `push_next`, and with that in `pop`, for the look at the tail below.
            let next = self.shared.next.load(Acquire);
            if !next.is_null() {
                // Acquire once more: another task may stand at the same address by now.
                let taken =
                    self.shared
                        .next
                        .compare_exchange(next, ptr::null_mut(), Acquire, Relaxed);
                if taken.is_ok() {
                    // SAFETY: the pointer came from `into_raw`, and the exchange has taken it out: it is nobody else's.
                    // It has read what `push_next` released, so the task behind it is written.
                    return Some(unsafe { Task::from_raw(next) });
                }
            } else if self.is_still(tail) {
                return None;
            }
        }
    }

    /// Returns whether there was no task in the queue at one moment of the call, in the sense of
    /// [`steal`](Stealer::steal).
    pub fn is_empty(&self) -> bool {
        // As in `steal`.
        loop {
            let head = self.shared.head.load(Acquire);
            let tail = self.shared.tail.load(Acquire);
            if head != tail || !self.shared.next.load(Acquire).is_null() {
                return false;
            }
            if self.is_still(tail) {
                return true;
            }
        }
    }

    /// Returns whether the tail is where it was when the ring was found empty. If so, nothing has gone into the ring
    /// since, and it was empty all the time.
    ///
    /// Without this look a task could hide: while the thief looks at the ring, it is the next one, and while the thief
    /// looks for the next one, it is in the ring.
    fn is_still(&self, tail: u32) -> bool {
        // Relaxed: the loads before this one are Acquire, so it does not come before them, and it sees each store of the
        // tail that happens before the null that was read.
        self.shared.tail.load(Relaxed) == tail
    }
}

impl<T> Clone for Stealer<T> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<T> Global<T> {
    /// Returns an empty queue.
    pub fn new() -> Self {
        Self {
            tasks: Mutex::new(VecDeque::new()),
        }
    }

    /// Puts `task` at the end.
    pub fn push(&self, task: Task<T>) {
        self.tasks.lock().push_back(task);
    }

    /// Takes the oldest task. `None` means that at one moment of the call there was no task in the queue, and not that
    /// another thread held the lock.
    pub fn pop(&self) -> Option<Task<T>> {
        self.tasks.lock().pop_front()
    }

    /// Puts `tasks` at the end, in order, with nobody else's in between.
    fn push_batch(&self, tasks: Vec<Task<T>>) {
        self.tasks.lock().extend(tasks);
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // All handles are gone, and what they did happens before this: `Arc` sees to that.
        let (head, tail) = (*self.head.get_mut(), *self.tail.get_mut());
        let in_ring = (0..tail.wrapping_sub(head)).map(|n| slot_of(head.wrapping_add(n)));
        let pointers = in_ring.map(|slot| *self.slots[slot].get_mut());
        let next = Some(*self.next.get_mut()).filter(|next| !next.is_null());
        // SAFETY: from head up to tail the slots hold pointers from `into_raw`, and so does `next`. None of these tasks has
        // been taken out, and each is taken once here.
        let tasks = pointers
            .chain(next)
            .map(|task| unsafe { Task::from_raw(task) });
        // If one of them panics, this drops the rest too, which a loop over the slots would not.
        drop(tasks.collect::<Vec<_>>());
    }
}
