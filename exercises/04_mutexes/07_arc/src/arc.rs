//! Shared ownership, counted: the last owner drops the value, and the last reference frees the memory.

// You are likely to need:
//   use crate::MAX_REFERENCES;
//   use crate::sync::atomic::{AtomicUsize, Ordering, fence};
//   use crate::sync::cell::UnsafeCell;
//   use crate::sync::hint::spin_loop;
//   use std::mem::ManuallyDrop;
//   use std::ptr::NonNull;
use std::marker::PhantomData;
use std::ops::Deref;

// What all references to one value point to is yours to design: a `Box` with the counts and the value, say.
// Write down who drops the value, and who frees the memory.
// Do not take the `Arc` of `crate::sync` for it.

/// One of several owners of a value, in any thread. When the last owner is dropped, the value is dropped.
///
/// An `Arc` lends the value, to read. It is as large as a pointer, and so is an `Option` of it. Unlike
/// [`std::sync::Arc`], it holds only values of known size, and panics where std's aborts.
///
/// ```
/// use arc::Arc;
/// use std::thread;
///
/// let words = Arc::new(vec!["to", "be"]);
/// let theirs = words.clone();
/// thread::spawn(move || assert_eq!(theirs.len(), 2)).join().unwrap();
/// assert_eq!(Arc::try_unwrap(words).ok(), Some(vec!["to", "be"]));
/// ```
///
/// # Happens-before
/// Everything that an owner did before it dropped its `Arc` happens before the value is dropped, and before a
/// [`get_mut`](Self::get_mut) or a [`try_unwrap`](Self::try_unwrap) that succeeds afterwards. Nothing else
/// orders anything: not `clone`, not [`strong_count`](Self::strong_count), not a call that is refused.
///
/// # Threads
/// `Arc<T>` and `Weak<T>` are `Send` and `Sync` if `T` is `Send` and `Sync`: owners in several threads lend
/// the value at once, which takes `Sync`, and any of them may be the one that drops it, which takes `Send`.
pub struct Arc<T> {
    // The fields are yours: beside this one, a pointer is enough.
    // It takes no space, and says that dropping this may drop a `T`.
    replace_me: PhantomData<T>,
}

/// A reference that does not keep the value alive. As long as there is an owner, it can be upgraded to an
/// [`Arc`].
pub struct Weak<T> {
    // The fields are yours: beside this one, a pointer is enough.
    // It takes no space, and says that dropping this may drop a `T`.
    replace_me: PhantomData<T>,
}

// The compiler cannot check how a raw pointer is used, so it lets no other thread have one. These four lines
// are your promise that it may; your code has to make it true.

// SAFETY: the docs of `Arc` say what the owners do to the value, and why that takes both bounds. The counts
// are atomics.
unsafe impl<T: Send + Sync> Send for Arc<T> {}
// SAFETY: a `&Arc<T>` can be cloned, so sharing one is like sending one.
unsafe impl<T: Send + Sync> Sync for Arc<T> {}
// SAFETY: a `Weak<T>` can be upgraded, so sending one is like sending an `Arc<T>`.
unsafe impl<T: Send + Sync> Send for Weak<T> {}
// SAFETY: as for sending.
unsafe impl<T: Send + Sync> Sync for Weak<T> {}

impl<T> Arc<T> {
    /// Moves `value` to memory of its own, with one owner.
    pub fn new(value: T) -> Self {
        let _ = value;
        todo!("move the value to memory of its own, with one owner")
    }

    /// Returns how many owners there were at some moment of the call. Others may come and go meanwhile, so
    /// print this number, but do not decide by it.
    pub fn strong_count(this: &Self) -> usize {
        let _ = this;
        todo!("say how many owners there are")
    }

    /// Returns whether both own the same value. Two equal values are not the same.
    pub fn ptr_eq(this: &Self, other: &Self) -> bool {
        let _ = (this, other);
        todo!("compare where the two point to")
    }

    /// Lends the value, to write, if this is the only reference: if there is no other `Arc`, and no [`Weak`]
    /// that could become one. Otherwise returns `None`, and changes nothing.
    pub fn get_mut(this: &mut Self) -> Option<&mut T> {
        let _ = this;
        todo!("lend the value, if no other reference is left and none can come about meanwhile")
    }

    /// Takes the value out, if this is the only owner. If there are [`Weak`]s, they can no longer be
    /// upgraded.
    ///
    /// # Errors
    /// Hands the `Arc` back if there are other owners.
    pub fn try_unwrap(this: Self) -> Result<T, Self> {
        let _ = this;
        todo!("move the value out if this is the last owner, and hand the Arc back if not")
    }

    /// Makes a reference that does not keep the value alive.
    ///
    /// # Panics
    /// Panics with `arc: too many references` if there would be more than
    /// [`MAX_REFERENCES`](crate::MAX_REFERENCES) `Weak`s. Nothing has changed then.
    pub fn downgrade(this: &Self) -> Weak<T> {
        let _ = this;
        todo!("count a Weak, and make it")
    }
}

/// Makes another owner of the same value.
///
/// # Panics
/// Panics with `arc: too many references` if there would be more than
/// [`MAX_REFERENCES`](crate::MAX_REFERENCES) owners. Their number is then what it was.
/// Beside a call that is being refused, others may be refused as well.
impl<T> Clone for Arc<T> {
    fn clone(&self) -> Self {
        todo!("count an owner more, or panic")
    }
}

impl<T> Deref for Arc<T> {
    type Target = T;

    /// Lends the value, to read.
    fn deref(&self) -> &T {
        todo!("lend the value")
    }
}

/// The last owner drops the value, even if there are [`Weak`]s. The last reference frees the memory, even if
/// the value's destructor panics.
impl<T> Drop for Arc<T> {
    fn drop(&mut self) {
        // Nothing is dropped yet. There is no `todo!()` here because a failing test drops its references
        // while it panics, and a second panic aborts the whole test run.
    }
}

impl<T> Weak<T> {
    /// Returns an owner of the value, or `None` if the last owner is gone: the value has been dropped or
    /// taken out, or is about to be. It fails for no other reason.
    ///
    /// # Panics
    /// Panics with `arc: too many references` if there would be more than
    /// [`MAX_REFERENCES`](crate::MAX_REFERENCES) owners. Nothing has changed then.
    pub fn upgrade(&self) -> Option<Arc<T>> {
        todo!("count an owner more, unless there is none left")
    }
}

/// Makes another reference that does not keep the value alive.
///
/// # Panics
/// Panics with `arc: too many references` if there would be more than
/// [`MAX_REFERENCES`](crate::MAX_REFERENCES) `Weak`s; when the owners are gone, one more is allowed. Their
/// number is then what it was.
impl<T> Clone for Weak<T> {
    fn clone(&self) -> Self {
        todo!("count a Weak more, or panic")
    }
}

/// The last reference frees the memory.
impl<T> Drop for Weak<T> {
    fn drop(&mut self) {
        // Nothing is freed yet. There is no `todo!()` here because a failing test drops its references while
        // it panics, and a second panic aborts the whole test run.
    }
}
