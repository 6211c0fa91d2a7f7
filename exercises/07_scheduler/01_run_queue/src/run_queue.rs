//! One worker's queue of tasks, from which other workers may steal; and the queue that belongs to all workers.

// Locks, atomics, `Arc`: all from `crate::sync`, or the model checker does not see them. `crate::CAPACITY` says how many
// tasks the ring holds, and `crate::START` with which number the two indices begin.

use crate::Task; // a `Box`

/// The owner's handle of a run queue: it alone puts tasks in.
///
/// The ring holds [`CAPACITY`](crate::CAPACITY) tasks, and one more is in the slot for the task that runs next. Unlike a
/// channel it is never full: a push that finds no room moves half of the ring to the [`Global`] queue.
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
    // Your fields. The handle must be `Send` if `T: Send`, and not otherwise.
    _yours: Option<Box<T>>,
}

/// A thief's handle of a run queue: it takes tasks out. Any number of clones may do so at the same time.
pub struct Stealer<T> {
    // Your fields. The handle must be `Send` and `Sync` if `T: Send`, and not otherwise.
    _yours: Option<Box<T>>,
}

/// The queue of all workers, behind a lock: tasks come out in the order in which they went in.
pub struct Global<T> {
    // Your fields.
    _yours: Option<Box<T>>,
}

impl<T> Local<T> {
    /// Returns the owner's handle of a new run queue, which is empty.
    pub fn new() -> Self {
        todo!("make an empty ring, whose indices begin at START, with no next task")
    }

    /// Returns a thief's handle of this queue.
    pub fn stealer(&self) -> Stealer<T> {
        todo!("return a handle of the same queue")
    }

    /// Puts `task` at the end of the ring.
    ///
    /// If the ring is full, the older half of it goes to the end of `global` instead, oldest first, and `task` behind
    /// it: `CAPACITY / 2 + 1` tasks as one batch, with nobody else's in between. The other half stays.
    pub fn push(&mut self, task: Task<T>, global: &Global<T>) {
        let _ = (task, global);
        todo!(
            "put the task into the slot at the tail; or, if the ring is full, move half of it to `global`"
        )
    }

    /// Makes `task` the one that [`pop`](Local::pop) returns next. The task that was in its place goes to the end of the
    /// ring, as by [`push`](Local::push).
    pub fn push_next(&mut self, task: Task<T>, global: &Global<T>) {
        let _ = (task, global);
        todo!("put the task into the place of the next one, and push the one that was there")
    }

    /// Puts `tasks` at the end of the ring, in order, as far as there is room. The rest goes to the end of `global` as
    /// one batch.
    pub fn push_batch(&mut self, tasks: Vec<Task<T>>, global: &Global<T>) {
        let _ = (tasks, global);
        todo!("fill the ring, and put the rest into `global`")
    }

    /// Takes the task that runs next, or else the oldest in the ring.
    ///
    /// `None` means that at one moment of the call there was no task in the queue, and not that a thief was faster.
    pub fn pop(&mut self) -> Option<Task<T>> {
        todo!("take the next task; or take the oldest one, unless a thief is faster")
    }
}

impl<T> Stealer<T> {
    /// Takes the oldest task of the ring, or the one that runs next if the ring is empty.
    ///
    /// `None` means that at one moment of the call there was no task in the queue, and not that others were faster, however
    /// often. A task that [`push_next`](Local::push_next) is moving to the ring counts as there, as long as nobody has
    /// stolen the task that takes its place.
    pub fn steal(&self) -> Option<Task<T>> {
        todo!("take the oldest task out of the ring, or the next one if the ring is empty")
    }

    /// Returns whether there was no task in the queue at one moment of the call, in the sense of
    /// [`steal`](Stealer::steal).
    pub fn is_empty(&self) -> bool {
        todo!("say whether there is no task in the ring and no next one, both at the same moment")
    }
}

impl<T> Clone for Stealer<T> {
    fn clone(&self) -> Self {
        todo!("return a handle of the same queue")
    }
}

impl<T> Global<T> {
    /// Returns an empty queue.
    pub fn new() -> Self {
        todo!("make an empty queue")
    }

    /// Puts `task` at the end.
    pub fn push(&self, task: Task<T>) {
        let _ = (self, task);
        todo!("put the task at the end")
    }

    /// Takes the oldest task. `None` means that at one moment of the call there was no task in the queue, and not that
    /// another thread held the lock.
    pub fn pop(&self) -> Option<Task<T>> {
        todo!("take the oldest task")
    }
}

// And what if tasks are still in the queue when the last handle has gone? Something has to drop them, once each.
