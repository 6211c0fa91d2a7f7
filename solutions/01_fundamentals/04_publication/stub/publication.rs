//! A cell that is written once and then read by many threads without a lock.

// What you are likely to need:
//   use crate::sync::atomic::{AtomicU8, Ordering};
//   use crate::sync::cell::UnsafeCell;
//   use std::mem::MaybeUninit;
use std::marker::PhantomData;

/// A value that is published once and then read by many threads, without a lock.
///
/// A new cell is empty. The first [`publish`](Self::publish) fills it, and from then on every
/// [`get`](Self::get) lends out that one value. Unlike [`std::sync::OnceLock`], it makes nobody wait: there
/// is no `get_or_init`, and a publisher that comes second is refused even while the first is still
/// moving its value in.
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
/// # What happens before what
/// Everything the winner did before it called `publish`, the making of the value included, happens before
/// everything a reader does after a `get` that returned `Some`. A `get` that returns `None` orders nothing, and
/// neither does a `publish` that is refused.
///
/// # Threads
/// A `Publication<T>` may be sent to another thread if `T` may. It may be shared between threads if `T` is
/// `Send` and `Sync`: `get` lends the value to many threads at once, which takes `Sync`, and a value that one
/// thread publishes may be taken out or dropped by another, which takes `Send`.
pub struct Publication<T> {
    // The fields are yours. One way: an atomic that says how far the cell is, and a slot that stays
    // uninitialised until somebody wins:
    //   state: AtomicU8,
    //   value: UnsafeCell<MaybeUninit<T>>,
    // Write down what each value of the state means, and who may then touch the slot.
    replace_me: PhantomData<T>,
}

// The compiler cannot tell whether an `UnsafeCell` or a raw pointer is used with care, so it does not let such
// a type be shared. These two lines are your word that this one may be, and the comments are the proof that
// your code has to make true.

// SAFETY: whoever owns the cell owns the value in it and nothing else; nothing is tied to the thread that
// made the cell. So moving the cell to another thread moves a `T`, no more and no less.
unsafe impl<T: Send> Send for Publication<T> {}

// SAFETY: what a shared cell lets several threads do is what the two bounds allow. `get` gives each of them
// a `&T`: that is `T: Sync`. `publish` takes in a `T` on one thread which `into_inner` or drop, on whichever
// thread owns the cell at the end, hands out as a `T`: that is `T: Send`. The cell's own accesses to the slot
// never race, as the comments at each of them show.
unsafe impl<T: Send + Sync> Sync for Publication<T> {}

impl<T> Publication<T> {
    /// An empty cell.
    pub fn new() -> Self {
        todo!("an empty cell")
    }

    /// Publishes `value`, if no other call has been here first.
    ///
    /// Of all the calls on one cell, however they overlap, exactly one returns `Ok`. Every [`get`](Self::get)
    /// that happens after it returns `Some`.
    ///
    /// # Errors
    /// Hands `value` back, untouched, if another call has won. That is all a refusal says: the winner may
    /// still be moving its value in, so a `get` right after a refusal may return `None`.
    pub fn publish(&self, value: T) -> Result<(), T> {
        let _ = value;
        todo!("claim the slot or hand the value back; then write it, and announce it")
    }

    /// The published value, or `None` if there is none yet that this thread can see. Never blocks.
    ///
    /// Once a call has returned `Some`, every call that happens after it does too, with a reference to the
    /// same value.
    pub fn get(&self) -> Option<&T> {
        todo!("lend the value, if it has been announced")
    }

    /// Takes the published value out, or returns `None` if nothing was published.
    pub fn into_inner(self) -> Option<T> {
        todo!("move the value out, and leave none for drop")
    }
}

/// Drops the published value, if there is one.
impl<T> Drop for Publication<T> {
    fn drop(&mut self) {
        // Nothing is dropped yet. It is no `todo!()` because a test that fails drops its cells, and a panic
        // on top of a panic takes the whole test run down.
    }
}
