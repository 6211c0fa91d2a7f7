//! A channel with room for a fixed number of values: many threads send, many receive.

use crate::sync::{Condvar, Mutex, MutexGuard, thread};
use std::collections::VecDeque;

/// A queue of at most [`capacity`](Self::capacity) values between threads: what `make(chan T, n)` makes in
/// Go.
///
/// [`send`](Self::send) sleeps while the channel is full, [`recv`](Self::recv) while it is empty. So a fast
/// sender is held back until the receivers have caught up, and the memory between them stays bounded. Any
/// number of threads may send and receive at the same time, and share the channel by reference or in an
/// `Arc`.
///
/// Each value is received exactly once. Values come out in the order in which they went in: two values of one
/// sender in the order of its calls. Which of several threads that wait goes on first is not promised: a
/// thread that comes later may be faster than one that was just woken.
///
/// Unlike a [`std::sync::mpsc::sync_channel`], it has no ends: anybody who has it may do both, and it cannot
/// be closed.
///
/// ```
/// use bounded_channel::Channel;
/// use std::thread;
///
/// let jobs = Channel::new(2);
/// thread::scope(|s| {
///     s.spawn(|| (1..=4).for_each(|job| jobs.send(job))); // at most two ahead
///     for job in 1..=4 {
///         assert_eq!(jobs.recv(), job);
///     }
/// });
/// ```
///
/// # Happens-before
/// What a thread did before it sent a value happens before the return of the call that receives the value.
/// And what a thread did before it received happens before the return of the `send`, or `try_send`, that puts
/// a value into the room it made: with room for C values, receive k happens before the end of send k + C.
pub struct Channel<T> {
    /// At most `capacity` values. Each value added is notified to `not_empty`, each taken out to `not_full`.
    buffer: Mutex<VecDeque<T>>,
    capacity: usize,
    /// Receivers sleep here until `buffer` is not empty.
    not_empty: Condvar,
    /// Senders sleep here until `buffer` is not full.
    not_full: Condvar,
}

impl<T> Channel<T> {
    /// Creates an empty channel with room for `capacity` values.
    ///
    /// # Panics
    /// Panics if `capacity` is 0, or if that many values take more than `isize::MAX` bytes.
    pub fn new(capacity: usize) -> Self {
        assert!(capacity > 0, "bounded_channel: no room for a value");
        Self {
            // All of it now: nothing is allocated while the lock is held.
            buffer: Mutex::new(VecDeque::with_capacity(capacity)),
            capacity,
            not_empty: Condvar::new(),
            not_full: Condvar::new(),
        }
    }

    /// Puts `value` into the channel. Sleeps while the channel is full.
    pub fn send(&self, value: T) {
        let mut buffer = self.buffer.lock();
        if buffer.len() == self.capacity {
            buffer = self.let_others_run(buffer);
        }
        // No wakeup is lost. This thread holds the lock from its check until `Condvar::wait` has put it to
        // sleep, which unlocks in the same step. So a value is taken out either before the check, which then
        // finds room, or after this thread is asleep, and then the notification that follows wakes it or
        // another sender.
        //
        // One notification for each value taken out is enough: each makes room for one sender. If a woken
        // sender finds that another has taken its room, it sleeps again; that other's value will be taken out
        // and notified in turn.
        //
        // A loop, for that reason, and because the wakeup may be spurious.
        while buffer.len() == self.capacity {
            self.not_full.wait(&mut buffer);
        }
        buffer.push_back(value);
        // After the lock is released: the woken thread needs it.
        drop(buffer);
        self.not_empty.notify_one();
    }

    /// Takes out the value that has been in the channel for longest. Sleeps while the channel is empty.
    pub fn recv(&self) -> T {
        let mut buffer = self.buffer.lock();
        if buffer.is_empty() {
            buffer = self.let_others_run(buffer);
        }
        // No wakeup is lost, for the reasons in `send`, with the sides exchanged. Receivers sleep on a
        // condition variable of their own, so a notification for a receiver cannot wake a sender, which has
        // no use for it.
        loop {
            if let Some(value) = buffer.pop_front() {
                drop(buffer);
                self.not_full.notify_one();
                return value;
            }
            self.not_empty.wait(&mut buffer);
        }
    }

    /// Lets other threads run, once, before this one sleeps.
    ///
    /// To fall asleep and to be woken costs thousands of nanoseconds for each value, and the thread that
    /// wakes pays for it as well. If the other side gets to run instead, it often fills or empties the whole
    /// buffer. This is only about time: the caller checks again, under the lock.
    #[cold]
    fn let_others_run<'a>(
        &'a self,
        buffer: MutexGuard<'a, VecDeque<T>>,
    ) -> MutexGuard<'a, VecDeque<T>> {
        drop(buffer);
        thread::yield_now();
        self.buffer.lock()
    }

    /// Puts `value` into the channel if there is room. Never sleeps.
    ///
    /// # Errors
    /// Returns `value` if the channel is full, and changes nothing.
    pub fn try_send(&self, value: T) -> Result<(), T> {
        let mut buffer = self.buffer.lock();
        if buffer.len() == self.capacity {
            return Err(value);
        }
        buffer.push_back(value);
        drop(buffer);
        self.not_empty.notify_one();
        Ok(())
    }

    /// Takes out the value that has been in the channel for longest. Returns `None`, and changes nothing, if
    /// the channel is empty. Never sleeps.
    pub fn try_recv(&self) -> Option<T> {
        let value = self.buffer.lock().pop_front()?;
        self.not_full.notify_one();
        Some(value)
    }

    /// Returns how many values are in the channel, for people to read: other threads may have changed it by
    /// the time this returns. To do something only if it does not block, use `try_send` and `try_recv`.
    pub fn len(&self) -> usize {
        self.buffer.lock().len()
    }

    /// Returns whether [`len`](Self::len) is 0.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many values there is room for.
    pub fn capacity(&self) -> usize {
        self.capacity
    }
}
