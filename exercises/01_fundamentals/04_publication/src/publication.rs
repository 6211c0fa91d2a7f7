//! A cell that is written once and then read by many threads without a lock.

// You are likely to need:
//   use crate::sync::atomic::{AtomicU8, Ordering};
//   use crate::sync::cell::UnsafeCell;
//   use std::mem::MaybeUninit;
use std::marker::PhantomData;

/// A value that is published once and then read by many threads, without a lock.
///
/// A new cell is empty. The first [`publish`](Self::publish) fills it, and every [`get`](Self::get) that
/// happens after it returns a reference to that value. Unlike [`std::sync::OnceLock`], a `Publication` never
/// makes a thread wait: there is no `get_or_init`, and a second publisher is refused even while the first is
/// still moving its value in. No call takes a lock, or sleeps or spins until another has finished. A refused call
/// changes nothing at any instant.
///
/// ```
/// use publication::Publication;
///
/// let motd = Publication::new();
/// assert_eq!(motd.get(), None);
///
/// assert_eq!(motd.publish("the disk is full"), Ok(()));
/// assert_eq!(motd.publish("all is well"), Err("all is well"));
/// assert_eq!(motd.get(), Some(&"the disk is full"));
/// ```
///
/// # Happens-before
/// Everything that the winner did before it called `publish`, including the making of the value, happens
/// before everything that a reader does after a `get` that returned `Some`. A `get` that returns `None`
/// orders nothing, and neither does a `publish` that is refused.
///
/// # Threads
/// A `Publication<T>` is `Send` if `T` is `Send`. It is `Sync` if `T` is `Send` and `Sync`: `get` lends the
/// value to several threads at once, which requires `Sync`, and a value that one thread publishes may be
/// taken out or dropped by another, which requires `Send`.
pub struct Publication<T> {
    // The fields are yours. One way is an atomic for the state of the cell, and a slot that stays
    // uninitialised until a publisher wins:
    //   state: AtomicU8,
    //   value: UnsafeCell<MaybeUninit<T>>,
    // Write down what each value of the state means, and who may access the slot in that state.
    // Takes no space, and makes `T` occur in a field, as it must. Delete it when you have fields of your own.
    replace_me: PhantomData<T>,
}

// The compiler cannot check how an `UnsafeCell` or a raw pointer is used, so it does not let threads share
// a type that contains one. These two lines are your promise that they may share this one. The comments are
// the proof, and your code has to make it true.

// SAFETY: the owner of the cell owns the value in it, and nothing in the cell is tied to the thread that
// made it. So moving the cell to another thread does no more than move a `T`.
unsafe impl<T: Send> Send for Publication<T> {}

// SAFETY: the two bounds allow everything that threads can do with a shared cell. `get` gives a `&T` to
// each of them, which `T: Sync` allows. `publish` takes in a `T` on one thread, and `into_inner` or drop
// hands it out on the thread that owns the cell at the end, which `T: Send` allows. The cell's own accesses
// to the slot never race, as the comment at each of them shows.
unsafe impl<T: Send + Sync> Sync for Publication<T> {}

impl<T> Publication<T> {
    /// Creates an empty cell.
    pub fn new() -> Self {
        todo!("make an empty cell")
    }

    /// Publishes `value`, unless another call was first.
    ///
    /// Of all the calls on one cell, however they overlap, exactly one returns `Ok`. Every [`get`](Self::get)
    /// that happens after it returns `Some`.
    ///
    /// # Errors
    /// Hands `value` back, untouched, if another call has won. A refusal says no more than that: the winner
    /// may still be moving its value in, so a `get` right after a refusal may return `None`.
    pub fn publish(&self, value: T) -> Result<(), T> {
        let _ = value;
        todo!("claim the slot or hand the value back; then write it, and announce it")
    }

    /// Returns the published value, or `None` if this thread cannot see one yet. Never blocks.
    ///
    /// If a call has returned `Some`, every call that happens after it also returns `Some`, with a
    /// reference to the same value.
    pub fn get(&self) -> Option<&T> {
        todo!("lend the value if it has been announced")
    }

    /// Takes the published value out, or returns `None` if nothing was published.
    pub fn into_inner(self) -> Option<T> {
        todo!("move the value out, and leave nothing for drop")
    }
}

/// Drops the published value, if there is one. Before a value is moved in, the slot holds none, and nothing is
/// dropped.
impl<T> Drop for Publication<T> {
    fn drop(&mut self) {
        // Nothing is dropped yet. There is no `todo!()` here because a failing test drops its cells while it
        // panics, and a second panic aborts the whole test run.
    }
}
