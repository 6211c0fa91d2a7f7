//! A channel with room for a fixed number of values: many threads send, many receive.

// Take locks, atomics and threads from `crate::sync`: the model checker sees no others. To begin with:
// use crate::sync::{Condvar, Mutex};
// use std::collections::VecDeque;
use std::marker::PhantomData;

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
    // The fields are yours. This one takes no space, and makes `T` occur in a field, as it must.
    replace_me: PhantomData<T>,
}

impl<T> Channel<T> {
    /// Creates an empty channel with room for `capacity` values.
    ///
    /// # Panics
    /// Panics if `capacity` is 0, or if that many values take more than `isize::MAX` bytes.
    pub fn new(capacity: usize) -> Self {
        todo!("make an empty channel with room for {capacity} values")
    }

    /// Puts `value` into the channel. Sleeps while the channel is full.
    pub fn send(&self, value: T) {
        let _ = value;
        todo!("wait for room, put the value in, and wake a receiver")
    }

    /// Takes out the value that has been in the channel for longest. Sleeps while the channel is empty.
    pub fn recv(&self) -> T {
        todo!("wait for a value, take it out, and wake a sender")
    }

    /// Puts `value` into the channel if there is room. Never sleeps.
    ///
    /// # Errors
    /// Returns `value` if the channel is full, and changes nothing.
    pub fn try_send(&self, value: T) -> Result<(), T> {
        let _ = value;
        todo!("put the value in if there is room, or give it back")
    }

    /// Takes out the value that has been in the channel for longest. Returns `None`, and changes nothing, if
    /// the channel is empty. Never sleeps.
    pub fn try_recv(&self) -> Option<T> {
        todo!("take a value out if there is one")
    }

    /// Returns how many values are in the channel, for people to read: other threads may have changed it by
    /// the time this returns. To do something only if it does not block, use `try_send` and `try_recv`.
    pub fn len(&self) -> usize {
        todo!("return how many values there are")
    }

    /// Returns whether [`len`](Self::len) is 0.
    pub fn is_empty(&self) -> bool {
        todo!("return whether there are none")
    }

    /// Returns how many values there is room for.
    pub fn capacity(&self) -> usize {
        todo!("return how many there is room for")
    }
}
