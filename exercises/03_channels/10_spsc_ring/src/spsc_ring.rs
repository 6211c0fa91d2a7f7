//! A bounded queue between one producer and one consumer: two indices, and no operation that waits.

// You are likely to need:
//   use crate::sync::Arc;
//   use crate::sync::atomic::{AtomicUsize, Ordering};
//   use crate::sync::cell::UnsafeCell;
//   use crate::sync::utils::CachePadded;
//   use std::mem::MaybeUninit;
use std::marker::PhantomData;

// What the two ends share is yours to design: the slots, and how each end learns how far the other has come.
// Draw a full ring and an empty one, and write down how you tell them apart.

/// The end that pushes. It can be moved to another thread, but not cloned.
pub struct Producer<T> {
    // The fields are yours.
    // Takes no space, and makes `T` occur in a field, as it must. Delete it when you have fields of your own.
    replace_me: PhantomData<*mut T>,
}

/// The end that pops. It can be moved to another thread, but not cloned.
pub struct Consumer<T> {
    // The fields are yours.
    // Takes no space, and makes `T` occur in a field, as it must. Delete it when you have fields of your own.
    replace_me: PhantomData<*mut T>,
}

// The compiler cannot check how an `UnsafeCell` or a raw pointer is used. These two lines are your promise
// that an end may be moved to another thread; your code has to make it true. If your fields are such that the
// compiler can see it, delete them.

// SAFETY: an end does not depend on the thread that made it, and each slot is accessed by one end at a time.
// A value goes in on one thread and comes out on another, which `T: Send` allows.
unsafe impl<T: Send> Send for Producer<T> {}
// SAFETY: as for the producer.
unsafe impl<T: Send> Send for Consumer<T> {}

/// Makes a ring that holds `capacity` values, and returns its two ends.
///
/// A ring is a queue for one producer and one consumer, each on a thread of its own. Unlike a channel it
/// takes no lock and never waits: a push into a full ring is refused, and so is a pop from an empty one. What
/// to do then is the caller's choice: lose the value, do something else, or spin.
///
/// ```
/// let (mut producer, mut consumer) = spsc_ring::ring(2);
/// assert_eq!(consumer.pop(), None);
///
/// assert_eq!(producer.push('a'), Ok(()));
/// assert_eq!(producer.push('b'), Ok(()));
/// assert_eq!(producer.push('c'), Err('c'));
///
/// assert_eq!(consumer.pop(), Some('a'));
/// drop(producer);
/// assert!(consumer.is_abandoned());
/// assert_eq!(consumer.pop(), Some('b'));
/// ```
///
/// # Happens-before
/// What the producer did before a push happens before what the consumer does after the pop that returns the
/// value. What the consumer did before the k-th pop happens before what the producer does after push number
/// k + `capacity`. Calls that are refused order nothing.
///
/// # The end
/// When both ends have been dropped, the values that are still in the ring are dropped, each once. Not
/// before: the consumer can pop them after the producer is gone.
///
/// # Panics
/// Panics with `spsc_ring: zero capacity` if `capacity` is zero. Panics, with any message, if that many values
/// take more than [`isize::MAX`] bytes, and may panic if `capacity` is [`usize::MAX`].
pub fn ring<T>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    let _ = capacity;
    todo!("make the slots, and the two ends that share them")
}

impl<T> Producer<T> {
    /// Puts `value` at the end of the ring, if there is room. Never waits.
    ///
    /// # Errors
    /// Hands `value` back if the ring is full. A pop makes room for the pushes that it happens before; a push
    /// at the same time may or may not find the room. A refused push changes nothing.
    pub fn push(&mut self, value: T) -> Result<(), T> {
        let _ = value;
        todo!(
            "hand the value back if the ring is full; or write it into the next slot, and announce it"
        )
    }

    /// Returns whether the consumer has been dropped, so that nobody will pop what is pushed. A push goes on
    /// as before.
    ///
    /// If this returns `true`, everything that the consumer did before its drop happens before the return.
    pub fn is_abandoned(&self) -> bool {
        todo!("say whether the consumer has been dropped")
    }
}

impl<T> Consumer<T> {
    /// Takes the oldest value out of the ring, or returns `None` if it is empty. Never waits.
    ///
    /// A pop finds the values whose pushes happen before it; it may or may not find one that is pushed at the
    /// same time. A pop that finds nothing changes nothing.
    pub fn pop(&mut self) -> Option<T> {
        todo!(
            "return None if the ring is empty; or take the value out of the oldest slot, and give the slot back"
        )
    }

    /// Returns whether the producer has been dropped. What it pushed before can still be popped.
    ///
    /// If this returns `true`, everything that the producer did before its drop happens before the return:
    /// pop until `None`, and you have everything. If you pop first and ask afterwards, a value may have come
    /// in between.
    pub fn is_abandoned(&self) -> bool {
        todo!("say whether the producer has been dropped")
    }
}

/// Tells the consumer, which can still pop what is in the ring.
impl<T> Drop for Producer<T> {
    fn drop(&mut self) {
        // Nobody is told yet. There is no `todo!()` here because a failing test drops its ends while it
        // panics, and a second panic aborts the whole test run.
    }
}

/// Tells the producer.
impl<T> Drop for Consumer<T> {
    fn drop(&mut self) {
        // Nobody is told yet. There is no `todo!()` here because a failing test drops its ends while it
        // panics, and a second panic aborts the whole test run.
    }
}

// And what is still in the ring when both ends have gone? Something has to drop it, once.
