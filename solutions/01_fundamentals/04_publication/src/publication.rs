//! A cell that is written once and then read by many threads without a lock.

use crate::sync::atomic::AtomicU8;
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::sync::cell::UnsafeCell;
use std::mem::{self, MaybeUninit};

/// Nobody has published. The slot is uninitialised.
const EMPTY: u8 = 0;
/// One publisher has claimed the slot. Only that publisher may touch it.
const WRITING: u8 = 1;
/// The slot is initialised and is not written again. Everybody may read it.
const READY: u8 = 2;

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
    /// EMPTY, WRITING, READY, in this order and never back as long as the cell is shared.
    state: AtomicU8,
    value: UnsafeCell<MaybeUninit<T>>,
}

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
        Self {
            state: AtomicU8::new(EMPTY),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }
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
        // Only one exchange can ever find EMPTY, whatever its ordering. Relaxed is enough on both sides: the
        // winner has nothing to learn from anybody, since no thread has touched the slot since `new`, and
        // the loser is promised nothing about the winner.
        if self
            .state
            .compare_exchange(EMPTY, WRITING, Relaxed, Relaxed)
            .is_err()
        {
            return Err(value);
        }
        // From the exchange to the store nothing can panic and no foreign code runs: WRITING is always left.
        self.value.with_mut(|slot| {
            // SAFETY: `slot` points into `self.value`: valid and aligned. Nobody else uses it now: this call
            // alone moved the state from EMPTY to WRITING, which happens once in the life of the cell, and a
            // reader touches the slot only after it has read READY, which only the store below writes.
            unsafe { (*slot).write(value) };
        });
        // Pairs with the Acquire in `get`: the write of the slot happens before a load that reads READY.
        self.state.store(READY, Release);
        Ok(())
    }

    /// The published value, or `None` if there is none yet that this thread can see. Never blocks.
    ///
    /// Once a call has returned `Some`, every call that happens after it does too, with a reference to the
    /// same value.
    pub fn get(&self) -> Option<&T> {
        // Pairs with the Release in `publish`: if this reads READY, the slot has been written, for this
        // thread too. Any other value says nothing about the slot.
        if self.state.load(Acquire) != READY {
            return None;
        }
        Some(self.value.with(|slot| {
            // SAFETY: READY was read with Acquire, so the write of the slot happens before this: it is
            // initialised. And nobody writes to it while the reference lives: no publisher wins again, and
            // `into_inner` and drop need the whole cell, which `&self` keeps borrowed for just as long.
            unsafe { (*slot).assume_init_ref() }
        }))
    }

    /// Takes the published value out, or returns `None` if nothing was published.
    pub fn into_inner(mut self) -> Option<T> {
        // No atomic operation: `self` is ours alone. No publisher is at work, so this is EMPTY or READY; and
        // it is EMPTY afterwards, so that `drop`, which runs when this function returns, finds no value.
        if mem::replace(self.state.get_mut(), EMPTY) != READY {
            return None;
        }
        // SAFETY: the state was READY, so the slot is initialised. It is EMPTY now and the cell is about to go,
        // so this copy of the value is the only one that is used or dropped from here on.
        Some(unsafe { self.value.get_mut().assume_init_read() })
    }
}

/// Drops the published value, if there is one.
impl<T> Drop for Publication<T> {
    fn drop(&mut self) {
        if *self.state.get_mut() == READY {
            // SAFETY: READY means initialised, and not taken out. The value is dropped here and never used
            // again, because the cell is gone after this.
            unsafe { self.value.get_mut().assume_init_drop() };
        }
    }
}
