//! What a worker wants of the queues besides: how many tasks there are, and a batch of the global one. Nothing to edit here.

use super::Task;
use super::run_queue::{Global, Local};
use super::sync::atomic::Ordering::{Acquire, Relaxed};

impl<T> Local<T> {
    /// Returns how many tasks there are, the next one included. Thieves may take some at any time.
    pub fn len(&self) -> usize {
        // Of these only thieves change anything, and they only take. Acquire: a tail is not behind a head that is read
        // before it. Relaxed: what this thread has put in it sees.
        let head = self.shared.head.load(Acquire);
        let ring = self.shared.tail.load(Relaxed).wrapping_sub(head);
        ring as usize + usize::from(!self.shared.next.load(Relaxed).is_null())
    }

    /// Returns whether there is no task. If so, there is none until this handle puts one in.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T> Global<T> {
    /// Returns how many tasks there are.
    pub fn len(&self) -> usize {
        self.tasks.lock().len()
    }

    /// Returns whether there is no task.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the oldest task, and moves those behind it to the end of the ring of `into`: up to `most` tasks in all, and
    /// no more than there is room for. With a `most` of 0 it takes nothing.
    pub fn pop_batch(&self, most: usize, into: &mut Local<T>) -> Option<Task<T>> {
        let behind = most.checked_sub(1)?;
        let mut tasks = self.tasks.lock();
        let first = tasks.pop_front()?;
        let moved = into.room_for(behind.min(tasks.len()));
        for (task, ahead) in tasks.drain(..moved as usize).zip(0..) {
            into.put(Task::into_raw(task), ahead);
        }
        into.publish(moved);
        Some(first)
    }
}
