//! The run queue of lesson 7.1, the owner's side of it, with shared tasks: nothing to edit here.
//!
//! What is different: a task is an `Arc`, because a goroutine is known to more than its queue, to its waker and to its join
//! handle for instance. A pointer in the queue counts as one reference.

use super::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use super::sync::atomic::{AtomicPtr, AtomicU32};
use super::sync::task::Arc;
use super::sync::utils::CachePadded;
use super::sync::{self, Mutex};
use super::{CAPACITY, START};
use std::array;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::ptr;

// `head` and `tail` count the tasks that have left the ring and entered it, and run on for ever; a task's slot is its
// number modulo the capacity.
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
// A task in the ring belongs to the thread that moves `head` over its slot. Since `head` never comes back to a number, an
// exchange that succeeds proves that nobody has touched the slots in between.

/// What the owner and the thieves share.
pub(super) struct Shared<T> {
    /// The number of the oldest task in the ring. All move it, by exchanges only.
    pub(super) head: CachePadded<AtomicU32>,
    /// The number that the next task will get. Only the owner writes it.
    pub(super) tail: CachePadded<AtomicU32>,
    /// The task that runs next, or null. Only the owner puts one in; all take it out.
    pub(super) next: CachePadded<AtomicPtr<T>>,
    /// Pointers from `Arc::into_raw`: from `head` up to `tail` those of tasks that are in the ring. What the other slots
    /// hold is of no importance.
    slots: [AtomicPtr<T>; CAPACITY],
    /// An `AtomicPtr<T>` may go anywhere, whatever `T` is. References to tasks are passed on, as by a mutex.
    _tasks: PhantomData<Mutex<Arc<T>>>,
}

impl<T> Shared<T> {
    /// Returns the slot of the task with this number. Right beyond the last `u32` too, because the capacity is a power of
    /// two.
    #[inline]
    pub(super) fn slot(&self, number: u32) -> &AtomicPtr<T> {
        &self.slots[number as usize % CAPACITY]
    }
}

/// The owner's handle of a run queue: it alone puts tasks in.
///
/// The ring holds [`CAPACITY`] tasks, and one more is in the slot for the task that runs next. A push that finds no room
/// moves half of the ring to the [`Global`] queue.
///
/// What was done before a task was put into a queue happens before what is done after it was taken out. What is in the
/// queue when the owner is dropped can still be stolen; with the last handle, what is left is dropped.
pub struct Local<T> {
    shared: sync::Arc<Shared<T>>,
    /// `shared.tail`: nobody else writes that, so it need never be read.
    tail: u32,
    /// What `shared.head` was when this handle saw it last. There may be fewer tasks in the ring than it says, never more.
    head: u32,
}

/// A thief's handle of a run queue: it takes tasks out, as any number of clones may do at the same time.
pub struct Stealer<T> {
    pub(super) shared: sync::Arc<Shared<T>>,
}

/// The queue of all workers, behind a lock: tasks come out in the order in which they went in.
pub struct Global<T> {
    tasks: Mutex<VecDeque<Arc<T>>>,
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
            shared: sync::Arc::new(shared),
            tail: START,
            head: START,
        }
    }

    /// Returns a thief's handle of this queue.
    pub fn stealer(&self) -> Stealer<T> {
        Stealer {
            shared: sync::Arc::clone(&self.shared),
        }
    }

    /// Returns how many tasks there are, the next one included. Thieves may take some at any time.
    pub fn len(&self) -> usize {
        // Acquire: a head that has been seen stays seen, for `room`. Relaxed: only this thread puts a next task in.
        let ring = self.tail.wrapping_sub(self.shared.head.load(Acquire));
        ring as usize + usize::from(!self.shared.next.load(Relaxed).is_null())
    }

    /// Returns whether there is no task. If so, it stays so until this handle puts one in.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts `task` at the end of the ring.
    ///
    /// If the ring is full, the older half of it goes to the end of `global` instead, oldest first, and `task` behind
    /// it: [`CAPACITY`]` / 2 + 1` tasks as one batch. The other half stays.
    #[inline]
    pub fn push(&mut self, task: Arc<T>, global: &Global<T>) {
        if self.free() == 0 {
            let half = (CAPACITY / 2) as u32;
            let rest = self.head.wrapping_add(half);
            // If this succeeds, `head` was where it was seen last, so the ring was full, and the older half is ours. If
            // it fails, thieves have made room meanwhile. AcqRel and Acquire: as in `pop`.
            match self
                .shared
                .head
                .compare_exchange(self.head, rest, AcqRel, Acquire)
            {
                Ok(oldest) => {
                    self.head = rest;
                    let half = (0..half).map(|n| {
                        let task = self.shared.slot(oldest.wrapping_add(n)).load(Relaxed);
                        // SAFETY: the exchange took the tasks with these numbers out of the ring, and each is taken
                        // once. The slot still holds its pointer: only the owner writes slots, and this is the owner.
                        unsafe { Arc::from_raw(task) }
                    });
                    let batch: Vec<_> = half.chain([task]).collect();
                    global.tasks.lock().extend(batch);
                    return;
                }
                Err(head) => self.head = head,
            }
        }
        self.put(0, Arc::into_raw(task).cast_mut());
        self.publish(1);
    }

    /// Makes `task` the one that [`pop`](Local::pop) returns next. The task that was in its place goes to the end of the
    /// ring, as by [`push`](Local::push).
    #[inline]
    pub fn push_next(&mut self, task: Arc<T>, global: &Global<T>) {
        let task = Arc::into_raw(task).cast_mut();
        // Release: pairs with the Acquire of the thief's exchange of `next`.
        let old = self.shared.next.swap(task, Release);
        if !old.is_null() {
            // SAFETY: only this function fills the place of the next task, with pointers from `into_raw`, and the swap
            // has taken this one out: the reference is nobody else's.
            self.push(unsafe { Arc::from_raw(old) }, global);
        }
    }

    /// Takes the task that runs next, or else the oldest in the ring. `None` means that the queue is empty.
    #[inline]
    pub fn pop(&mut self) -> Option<Arc<T>> {
        // Relaxed: only this thread puts a task in, so this finds it, or one that a thief has taken meanwhile; then the
        // exchange fails.
        let next = self.shared.next.load(Relaxed);
        if !next.is_null() {
            // Release: a thief that reads this null with Acquire sees how far the ring had been filled by now.
            let taken = self
                .shared
                .next
                .compare_exchange(next, ptr::null_mut(), Release, Relaxed);
            if taken.is_ok() {
                // SAFETY: `next` came from `into_raw`, and the exchange has taken it out: it is nobody else's.
                return Some(unsafe { Arc::from_raw(next) });
            }
        }
        while self.head != self.tail {
            let after = self.head.wrapping_add(1);
            // Release: pairs with the Acquire of `head` in a thief, which then finds a tail that is not behind it. Acquire,
            // also if it fails: pairs with the Release of a thief's exchange, which has read slots before. Then those
            // behind `head` may be written again.
            match self
                .shared
                .head
                .compare_exchange(self.head, after, AcqRel, Acquire)
            {
                Ok(oldest) => {
                    self.head = after;
                    let task = self.shared.slot(oldest).load(Relaxed);
                    // SAFETY: the exchange took this task out of the ring, so the reference is nobody else's. The slot
                    // still holds its pointer: only the owner writes slots, and this is the owner.
                    return Some(unsafe { Arc::from_raw(task) });
                }
                Err(head) => self.head = head,
            }
        }
        None
    }

    /// Returns how many of `wanted` tasks fit into the ring.
    #[inline]
    pub(super) fn room(&mut self, wanted: u32) -> u32 {
        if self.free() < wanted {
            // Acquire: pairs with the Release of a thief's exchange, as in `pop`.
            self.head = self.shared.head.load(Acquire);
        }
        wanted.min(self.free())
    }

    /// Writes the pointer of a task into the slot which is `ahead` of the tail, and for which there must be
    /// [`room`](Local::room). It is not in the ring yet.
    #[inline]
    pub(super) fn put(&mut self, ahead: u32, task: *mut T) {
        // Relaxed: the tail publishes it. The slot's last task has been taken, and a thief that did so has read the slot
        // before: `self.head` was seen with Acquire. One that is about to read it in vain may find either pointer.
        let number = self.tail.wrapping_add(ahead);
        self.shared.slot(number).store(task, Relaxed);
    }

    /// Puts the `tasks` that were written into the slots from the tail on into the ring. Each slot must hold a reference,
    /// from `Arc::into_raw`, which is nobody else's.
    #[inline]
    pub(super) fn publish(&mut self, tasks: u32) {
        self.tail = self.tail.wrapping_add(tasks);
        // Release: pairs with the Acquire of the tail in a thief. The tasks and their slots are written before.
        self.shared.tail.store(self.tail, Release);
    }

    /// How many tasks fit into the ring, at least.
    #[inline]
    fn free(&self) -> u32 {
        CAPACITY as u32 - self.tail.wrapping_sub(self.head)
    }
}

impl<T> Stealer<T> {
    /// Returns whether there was no task in the queue, at one moment of the call.
    pub fn is_empty(&self) -> bool {
        loop {
            // Acquire, all three: they pair with the Release of what moves `head`, `tail` and `next`, so the second look
            // at the tail sees each task that went into the ring before `next` became null.
            let head = self.shared.head.load(Acquire);
            let tail = self.shared.tail.load(Acquire);
            if head != tail || !self.shared.next.load(Acquire).is_null() {
                return false;
            }
            // Without the second look a task could hide: it is the next one while the ring is looked at, and in the ring
            // while the other place is.
            if self.shared.tail.load(Relaxed) == tail {
                return true;
            }
        }
    }
}

impl<T> Clone for Stealer<T> {
    fn clone(&self) -> Self {
        Self {
            shared: sync::Arc::clone(&self.shared),
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

    /// Returns how many tasks there are.
    pub fn len(&self) -> usize {
        self.tasks.lock().len()
    }

    /// Returns whether there is no task.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts `task` at the end.
    pub fn push(&self, task: Arc<T>) {
        self.tasks.lock().push_back(task);
    }

    /// Takes the oldest task. `None` means that the queue is empty.
    pub fn pop(&self) -> Option<Arc<T>> {
        self.tasks.lock().pop_front()
    }

    /// Takes the oldest task, and moves those behind it to the end of the ring of `into`: up to `most` tasks in all, and
    /// no more than there is room for. With a `most` of 0 it takes nothing.
    pub fn pop_batch(&self, most: usize, into: &mut Local<T>) -> Option<Arc<T>> {
        let rest = most.checked_sub(1)?;
        let mut tasks = self.tasks.lock();
        let first = tasks.pop_front()?;
        // No more than fit into a ring, so the number fits into a `u32`.
        let rest = tasks.len().min(rest).min(CAPACITY) as u32;
        let moved = into.room(rest);
        for (ahead, task) in (0..moved).zip(tasks.drain(..moved as usize)) {
            into.put(ahead, Arc::into_raw(task).cast_mut());
        }
        into.publish(moved);
        Some(first)
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // All handles are gone, and what they did happens before this: that is `Arc`'s doing.
        let (head, tail) = (*self.head.get_mut(), *self.tail.get_mut());
        let numbers = (0..tail.wrapping_sub(head)).map(|n| head.wrapping_add(n));
        let pointers = numbers.map(|number| self.slot(number).load(Relaxed));
        let next = Some(self.next.load(Relaxed)).filter(|next| !next.is_null());
        // SAFETY: from head up to tail the slots hold pointers from `into_raw`, and so does `next`. None of these references
        // has been taken out, and each is taken once here.
        let tasks = pointers
            .chain(next)
            .map(|task| unsafe { Arc::from_raw(task) });
        // Drops the rest too if one of them panics, which a loop over the slots would not.
        drop(tasks.collect::<Vec<_>>());
    }
}
