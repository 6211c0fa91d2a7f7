//! Shared ownership, counted: the last owner drops the value, and the last reference frees the memory.

use crate::MAX_REFERENCES;
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::sync::atomic::{AtomicUsize, fence};
use crate::sync::cell::UnsafeCell;
use crate::sync::hint::spin_loop;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;

// | strong | weak       | value | memory |                                                       |
// |--------|------------|-------|--------|-------------------------------------------------------|
// | s > 0  | 1 + w      | there | there  | s `Arc`s, and w `Weak`s; the 1 is for all `Arc`s together |
// | s > 0  | `LOCKED`   | there | there  | `get_mut` is counting, and there is no `Weak`         |
// | 0      | 1 + w or w | gone  | there  | the last `Arc` is about to give up its 1, or has done so |
// | 0      | 0          | gone  | gone   | nobody is left to see this                            |

/// While `weak` is this, no `Weak` can be made from an `Arc`.
const LOCKED: usize = usize::MAX;

/// What all references to one value point to.
struct Inner<T> {
    strong: AtomicUsize,
    weak: AtomicUsize,
    /// Read through `Arc`s. Written, moved out or dropped by the only one that is left.
    value: UnsafeCell<ManuallyDrop<T>>,
}

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
    inner: NonNull<Inner<T>>,
    /// Dropping an `Arc` may drop a `T`.
    owns: PhantomData<Inner<T>>,
}

/// A reference that does not keep the value alive. As long as there is an owner, it can be upgraded to an
/// [`Arc`].
pub struct Weak<T> {
    inner: NonNull<Inner<T>>,
    owns: PhantomData<Inner<T>>,
}

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
        let inner = Box::new(Inner {
            strong: AtomicUsize::new(1),
            weak: AtomicUsize::new(1),
            value: UnsafeCell::new(ManuallyDrop::new(value)),
        });
        Self::of(NonNull::from(Box::leak(inner)))
    }

    /// The reference itself; the caller has counted it.
    fn of(inner: NonNull<Inner<T>>) -> Self {
        Self {
            inner,
            owns: PhantomData,
        }
    }

    fn inner(&self) -> &Inner<T> {
        // SAFETY: the memory stays until `weak` is zero, and the owners' 1 is given up only by the last of
        // them.
        unsafe { self.inner.as_ref() }
    }

    /// Returns how many owners there were at some moment of the call. Others may come and go meanwhile, so
    /// print this number, but do not decide by it.
    pub fn strong_count(this: &Self) -> usize {
        this.inner().strong.load(Relaxed)
    }

    /// Returns whether both own the same value. Two equal values are not the same.
    pub fn ptr_eq(this: &Self, other: &Self) -> bool {
        this.inner == other.inner
    }

    /// Lends the value, to write, if this is the only reference: if there is no other `Arc`, and no [`Weak`]
    /// that could become one. Otherwise returns `None`, and changes nothing.
    pub fn get_mut(this: &mut Self) -> Option<&mut T> {
        let inner = this.inner();
        // To be alone, both counts must be 1 at one moment, and there are two loads. In between another owner
        // could make a `Weak` and drop its `Arc`, or the other way round. So `weak` is locked first, which
        // keeps owners from making one. Acquire: pairs with the Release in `Weak::drop`: what that `Weak` was
        // upgraded to is counted below.
        if inner
            .weak
            .compare_exchange(1, LOCKED, Acquire, Relaxed)
            .is_err()
        {
            return None;
        }
        // Acquire: pairs with the Release in `Arc::drop`. What the other owners have done happens before.
        let is_alone = inner.strong.load(Acquire) == 1;
        // Release: pairs with the Acquire in `downgrade`. An owner that was kept waiting there drops its
        // `Arc` only after the load above, which therefore has counted it.
        inner.weak.store(1, Release);
        is_alone.then(|| {
            // SAFETY: both counts were 1 while no owner could make a `Weak`. So this is the only reference,
            // and it is borrowed mutably for as long as the result: nobody can clone or downgrade it.
            let value: &mut ManuallyDrop<T> = inner.value.with_mut(|value| unsafe { &mut *value });
            &mut **value
        })
    }

    /// Takes the value out, if this is the only owner. If there are [`Weak`]s, they can no longer be
    /// upgraded.
    ///
    /// # Errors
    /// Hands the `Arc` back if there are other owners.
    pub fn try_unwrap(this: Self) -> Result<T, Self> {
        // From 1 to 0 in one step: from here on no `Weak` can be upgraded, so nobody comes up behind.
        if this
            .inner()
            .strong
            .compare_exchange(1, 0, Relaxed, Relaxed)
            .is_err()
        {
            return Err(this);
        }
        // Pairs with the Release in `Arc::drop`: the exchange has read what the other owners' decrements
        // made.
        fence(Acquire);
        let this = ManuallyDrop::new(this);
        // The owners' part of the memory, given up when this function ends.
        let _memory = Weak::of(this.inner);
        // SAFETY: this was the last owner, and no reference to the value is left: those that others had ended
        // before their `Arc`s, which happens before. `strong` is zero, so that nobody takes or drops the
        // value again.
        Ok(this
            .inner()
            .value
            .with_mut(|value| unsafe { ManuallyDrop::take(&mut *value) }))
    }

    /// Makes a reference that does not keep the value alive.
    ///
    /// # Panics
    /// Panics with `arc: too many references` if there would be more than
    /// [`MAX_REFERENCES`](crate::MAX_REFERENCES) `Weak`s. Nothing has changed then.
    pub fn downgrade(this: &Self) -> Weak<T> {
        let inner = this.inner();
        let mut weak = inner.weak.load(Relaxed);
        loop {
            // `get_mut` counts in another thread. It is over in three steps, and nothing can stop it in the
            // middle but the operating system. Not worth to sleep for.
            if weak == LOCKED {
                spin_loop();
                weak = inner.weak.load(Relaxed);
                continue;
            }
            // All but one are `Weak`s.
            assert!(weak <= MAX_REFERENCES, "arc: too many references");
            // Acquire: pairs with the Release in `get_mut`, which says why.
            match inner
                .weak
                .compare_exchange_weak(weak, weak + 1, Acquire, Relaxed)
            {
                Ok(_) => return Weak::of(this.inner),
                Err(newer) => weak = newer,
            }
        }
    }
}

/// Makes another owner of the same value.
///
/// # Panics
/// Panics with `arc: too many references` if there would be more than
/// [`MAX_REFERENCES`](crate::MAX_REFERENCES) owners. Their number is then what it was. Beside a call that is
/// being refused, others may be refused as well.
impl<T> Clone for Arc<T> {
    fn clone(&self) -> Self {
        // Relaxed: this owner keeps the value until the new one is made, and how the new one gets to another
        // thread orders what has to be ordered.
        let before = self.inner().strong.fetch_add(1, Relaxed);
        // Without the check, owners that are forgotten and never dropped would wrap the count to zero, and
        // the value would be dropped under all of them. It comes too late to prevent the step, and in good
        // time to take it back: from here to the real end it is as far again, and no machine has so many
        // threads between the two lines.
        if before >= MAX_REFERENCES {
            self.inner().strong.fetch_sub(1, Relaxed);
            panic!("arc: too many references");
        }
        Self::of(self.inner)
    }
}

impl<T> Deref for Arc<T> {
    type Target = T;

    /// Lends the value, to read.
    fn deref(&self) -> &T {
        // SAFETY: the value is there while there is an owner, and it was written before the first of them
        // came about. It is written again only by `get_mut`, when there is no other owner, and its reference
        // borrows that one mutably.
        let value: &ManuallyDrop<T> = self.inner().value.with(|value| unsafe { &*value });
        value
    }
}

/// The last owner drops the value, even if there are [`Weak`]s. The last reference frees the memory, even if
/// the value's destructor panics.
impl<T> Drop for Arc<T> {
    fn drop(&mut self) {
        // Release: what this owner did with the value happens before the last one drops it. That one reads
        // what this step writes, or what the others' steps have made of it: they are read-modify-writes, and
        // those continue the release sequence.
        if self.inner().strong.fetch_sub(1, Release) != 1 {
            return;
        }
        // Pairs with the Release above, of all the others. Only the last owner needs it, so it is not in the
        // line that all of them run.
        fence(Acquire);
        // The owners' part of the memory. Made before the value is dropped, so that it is given up after it,
        // even if the destructor panics.
        let _memory = Weak::of(self.inner);
        // SAFETY: `strong` has become zero, which happens once: no owner is left, and no `Weak` can be
        // upgraded. What the owners did happens before, by the fence. So nobody uses the value, now or later.
        self.inner()
            .value
            .with_mut(|value| unsafe { ManuallyDrop::drop(&mut *value) });
    }
}

impl<T> Weak<T> {
    /// The reference itself; the caller has counted it.
    fn of(inner: NonNull<Inner<T>>) -> Self {
        Self {
            inner,
            owns: PhantomData,
        }
    }

    fn inner(&self) -> &Inner<T> {
        // SAFETY: this reference is counted in `weak`, so the memory is there. The value may be gone, and
        // nobody touches it through this.
        unsafe { self.inner.as_ref() }
    }

    /// Returns an owner of the value, or `None` if the last owner is gone: the value has been dropped or
    /// taken out, or is about to be. It fails for no other reason.
    ///
    /// # Panics
    /// Panics with `arc: too many references` if there would be more than
    /// [`MAX_REFERENCES`](crate::MAX_REFERENCES) owners. Nothing has changed then.
    pub fn upgrade(&self) -> Option<Arc<T>> {
        let strong = &self.inner().strong;
        let mut seen = strong.load(Relaxed);
        // Not a `fetch_add`: from zero there is no way back, for the last owner is dropping the value.
        loop {
            if seen == 0 {
                return None;
            }
            assert!(seen < MAX_REFERENCES, "arc: too many references");
            // Relaxed, as in `clone`: how this `Weak` came here has ordered the making of the value before
            // this.
            match strong.compare_exchange_weak(seen, seen + 1, Relaxed, Relaxed) {
                Ok(_) => return Some(Arc::of(self.inner)),
                Err(newer) => seen = newer,
            }
        }
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
        // As in `Arc::clone`. `weak` is not `LOCKED`, since there is a `Weak`.
        let before = self.inner().weak.fetch_add(1, Relaxed);
        if before > MAX_REFERENCES {
            self.inner().weak.fetch_sub(1, Relaxed);
            panic!("arc: too many references");
        }
        Self::of(self.inner)
    }
}

/// The last reference frees the memory.
impl<T> Drop for Weak<T> {
    fn drop(&mut self) {
        // Release: what was done through this reference happens before the memory is freed, and before a
        // `get_mut` that finds no `Weak`.
        if self.inner().weak.fetch_sub(1, Release) == 1 {
            // Pairs with the Release above, of all the others.
            fence(Acquire);
            // SAFETY: the memory came from a `Box` in `new`. No reference is left: the owners' 1 is counted
            // here too. The value is not dropped by this, for it is a `ManuallyDrop`.
            drop(unsafe { Box::from_raw(self.inner.as_ptr()) });
        }
    }
}
