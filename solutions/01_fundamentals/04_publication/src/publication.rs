//! A cell that is written once and then read by many threads without a lock.

use crate::sync::atomic::AtomicU8;
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::sync::cell::UnsafeCell;
use std::mem::{self, MaybeUninit};

/// No publisher has claimed the slot. It is uninitialised.
const EMPTY: u8 = 0;
/// One publisher has claimed the slot. Only that publisher may access it.
const WRITING: u8 = 1;
/// The slot is initialised and is not written again. Every thread may read it.
const READY: u8 = 2;

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
    /// EMPTY, WRITING, READY, in this order; it never goes back while the cell is shared.
    state: AtomicU8,
    value: UnsafeCell<MaybeUninit<T>>,
}

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
        Self {
            state: AtomicU8::new(EMPTY),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }
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
        // Only one exchange can succeed, whatever its ordering. Relaxed is enough for success and for
        // failure: the winner needs nothing from other threads, since no thread has accessed the slot since
        // `new`, and the loser is promised nothing about the winner.
        //
        // The load in front only saves time: even an exchange that fails takes the cache line away from the
        // readers, and a load does not. The state never returns to EMPTY, so a refusal by an old value is right.
        if self.state.load(Relaxed) != EMPTY
            || self
                .state
                .compare_exchange(EMPTY, WRITING, Relaxed, Relaxed)
                .is_err()
        {
            return Err(value);
        }
        // Between the exchange and the store, nothing can panic and no foreign code runs: WRITING always
        // ends.
        self.value.with_mut(|slot| {
            // SAFETY: `slot` points into `self.value`, so it is valid and aligned. No other thread uses it
            // now: this call moved the state from EMPTY to WRITING, which happens once in the life of the
            // cell, and a reader accesses the slot only after it has read READY, which only the store below
            // writes.
            unsafe { (*slot).write(value) };
        });
        // Pairs with the Acquire in `get`: the write of the slot happens before a load that reads READY.
        self.state.store(READY, Release);
        Ok(())
    }

    /// Returns the published value, or `None` if this thread cannot see one yet. Never blocks.
    ///
    /// If a call has returned `Some`, every call that happens after it also returns `Some`, with a
    /// reference to the same value.
    pub fn get(&self) -> Option<&T> {
        // Pairs with the Release in `publish`: if this reads READY, the write of the slot happens before
        // what follows here. Any other value says nothing about the slot.
        if self.state.load(Acquire) != READY {
            return None;
        }
        Some(self.value.with(|slot| {
            // SAFETY: READY was read with Acquire, so the write of the slot happens before this: the slot is
            // initialised. Nothing writes to it while the reference lives: no publisher wins again, and
            // `into_inner` and drop need the whole cell, which `&self` keeps borrowed for just as long.
            unsafe { (*slot).assume_init_ref() }
        }))
    }

    /// Takes the published value out, or returns `None` if nothing was published.
    pub fn into_inner(mut self) -> Option<T> {
        // No atomic operation is needed: no other thread has `self`. No publisher is at work, so the state
        // is EMPTY or READY. It becomes EMPTY, so that `drop`, which runs when this function returns, finds
        // no value.
        if mem::replace(self.state.get_mut(), EMPTY) != READY {
            return None;
        }
        // SAFETY: the state was READY, so the slot is initialised. The state is EMPTY now and the cell is
        // about to be dropped, so from here on only this copy of the value is used or dropped.
        Some(unsafe { self.value.get_mut().assume_init_read() })
    }
}

/// Drops the published value, if there is one. Before a value is moved in, the slot holds none, and nothing is
/// dropped.
impl<T> Drop for Publication<T> {
    fn drop(&mut self) {
        if *self.state.get_mut() == READY {
            // SAFETY: READY means that the slot is initialised and its value was not taken out. The value is
            // never used again, because the cell is gone after this.
            unsafe { self.value.get_mut().assume_init_drop() };
        }
    }
}
