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

/// The end that pushes. There is one, and it can be moved to another thread, but not cloned.
pub struct Producer<T> {
    // The fields are yours.
    // Takes no space, and makes `T` occur in a field, as it must. Delete it when you have fields of your own.
    replace_me: PhantomData<*mut T>,
}

/// The end that pops. There is one, and it can be moved to another thread, but not cloned.
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
/// never waits: a push into a full ring is refused, and so is a pop from an empty one. What to do then is the
/// caller's choice: lose the value, do something else, or spin.
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
/// A push happens before the pop that returns its value, and everything that the producer did before it comes
/// along. A pop happens before the push that uses its place again: the k-th pop happens before the return of
/// push number k + `capacity`. Calls that are refused order nothing.
///
/// # The end
/// What is still in the ring when both ends have been dropped is dropped then, once.
///
/// # Panics
/// Panics with `spsc_ring: zero capacity` if `capacity` is zero: such a ring could hand over nothing. Panics
/// too if there cannot be memory for so many values.
pub fn ring<T>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    let _ = capacity;
    todo!("make the slots, and the two ends that share them")
}

impl<T> Producer<T> {
    /// Puts `value` at the end of the ring, if there is room. Never waits.
    ///
    /// # Errors
    /// Hands `value` back if the ring is full: if, as far as this thread can know, `capacity` values have
    /// been pushed and not been popped. A refused push changes nothing.
    pub fn push(&mut self, value: T) -> Result<(), T> {
        let _ = value;
        todo!(
            "hand the value back if the ring is full; or write it into the next slot, and announce it"
        )
    }

    /// Returns whether the consumer is gone, and nobody will pop what is pushed.
    ///
    /// If it says so, what the consumer did before its drop happens before. If it does not, the consumer may
    /// be gone a moment later.
    pub fn is_abandoned(&self) -> bool {
        todo!("say whether the consumer has been dropped")
    }
}

impl<T> Consumer<T> {
    /// Takes the oldest value out of the ring, or returns `None` if it is empty: if, as far as this thread
    /// can know, all that was pushed has been popped. Never waits. A pop that finds nothing changes nothing.
    pub fn pop(&mut self) -> Option<T> {
        todo!(
            "return None if the ring is empty; or take the value out of the oldest slot, and give the slot back"
        )
    }

    /// Returns whether the producer is gone. What it has pushed before can still be popped.
    ///
    /// If it says so, what the producer did before its drop happens before: pop until there is `None`, and
    /// you have everything. If you pop first and ask afterwards, a value may have come in between.
    pub fn is_abandoned(&self) -> bool {
        todo!("say whether the producer has been dropped")
    }
}

/// Tells the consumer. What is still in the ring stays there for it.
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
