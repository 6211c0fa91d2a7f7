//! A value that is computed when it is first asked for, once, whoever asks.

use crate::sync::Mutex;
use crate::sync::atomic::AtomicBool;
use crate::sync::atomic::Ordering::{Acquire, Release};
use crate::sync::cell::UnsafeCell;
use std::any::Any;
use std::mem::{self, MaybeUninit};
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// A value that is computed when it is first asked for: Go's `sync.OnceValue`.
///
/// Whoever asks first, by [`force`](Self::force) or by `*lazy`, calls the function; whoever asks meanwhile
/// sleeps until it has returned; and whoever asks later reads the value, without a lock.
///
/// [`std::sync::LazyLock`] differs where the function panics: there every later call says that the lazy is
/// poisoned, here every later call says what the function said. An [`OnceLock`](std::sync::OnceLock)
/// gets its function from each caller, and may get another one each time; here there is only one, given
/// to `new`.
///
/// `force` and `get` are not methods, for `*lazy` makes those of `T` reachable as `lazy.method()`, and ours
/// would hide them.
///
/// ```
/// use lazy::Lazy;
///
/// let primes = Lazy::new(|| {
///     println!("sieving"); // once
///     (2..1000).filter(|n| (2..*n).all(|d| n % d != 0)).collect::<Vec<u32>>()
/// });
/// assert!(Lazy::get(&primes).is_none());
/// assert_eq!(Lazy::force(&primes)[2], 5);
/// assert_eq!(primes.len(), 168);
/// ```
///
/// # What happens before what
/// Everything that the function did happens before everything a thread does after its `force` has returned,
/// or after its `get` has returned `Some`. A `get` that returns `None` orders nothing.
///
/// # Threads
/// A `Lazy<T, F>` may be sent to another thread if `T` and `F` may. It may be shared between threads if `T`
/// is `Send` and `Sync` and `F` is `Send`: the value is lent to many threads and perhaps dropped by one that
/// did not make it; the function is only ever called by one, though perhaps not by the one that brought it.
///
/// # Drops
/// The function, with all that it has captured, is dropped exactly once: by the call, before any `force`
/// returns or panics, or with the lazy if there was no call. The value is dropped with the lazy, exactly once,
/// if it was ever made.
pub struct Lazy<T, F = fn() -> T> {
    /// Set when `value` has been written, and never reset. The first of the two checks.
    ready: AtomicBool,
    /// The second check, and where threads wait while the function runs: it runs under this lock.
    init: Mutex<Init<F>>,
    /// Initialised as soon as `ready` is set. Until then it belongs to the holder of the lock.
    //
    // `LazyLock` saves space: function and value share one union, for there is never a need for both. It
    // would take `unsafe` to call the function, and to drop it, and buy nothing in time.
    value: UnsafeCell<MaybeUninit<T>>,
}

/// What a thread that gets the lock has to do.
enum Init<F> {
    /// Call the function: nobody has.
    Pending(F),
    /// Nothing: it has been called and `ready` is set. (While it is being called, this stands here too, but
    /// nobody gets the lock to see it.)
    Called,
    /// Panic with this message, as the function did.
    Panicked(String),
}

// SAFETY: whoever owns the lazy owns the function or the value in it, and nothing is tied to the thread that
// made it. So moving it to another thread moves an `F` or a `T`, no more and no less.
unsafe impl<T: Send, F: Send> Send for Lazy<T, F> {}

// SAFETY: what a shared lazy lets several threads do is what the bounds allow. Each gets a `&T`: that is
// `T: Sync`. One of them makes the `T` that another, which owns the lazy at the end, drops: that is `T: Send`.
// One of them takes the `F`, by value, that another brought: that is `F: Send`; no two look at it at once,
// so it need not be `Sync`. The lazy's own accesses never race, as the comments at each of them show.
unsafe impl<T: Send + Sync, F: Send> Sync for Lazy<T, F> {}

impl<T, F: FnOnce() -> T> Lazy<T, F> {
    /// A lazy value that `f` will compute. Does not call `f` yet.
    pub fn new(f: F) -> Self {
        Self {
            ready: AtomicBool::new(false),
            init: Mutex::new(Init::Pending(f)),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// The value, which is computed first if need be.
    ///
    /// Of all the calls on one lazy, however they overlap, exactly one calls the function; none returns before
    /// it has returned, and those that wait for it sleep. All get a reference to the same value.
    ///
    /// The function may do what it likes, which includes forcing another lazy, but not force this one, be it
    /// by way of another: such a call never returns. It may block for ever, or panic.
    ///
    /// # Panics
    /// If the function panics, then so does every call, and the function is not called again. The call that
    /// ran it goes on with the payload itself. All others, those that waited for it included, panic with its
    /// message: the `&str` or `String` that `panic!` makes. If the payload is neither, their message is
    /// `lazy: the function panicked`.
    pub fn force(this: &Self) -> &T {
        match Self::get(this) {
            Some(value) => value,
            None => this.call_or_wait(),
        }
    }

    /// The value if it has been computed and this thread can see it, or `None`. Neither calls the function nor
    /// waits for it: in the function itself, `get` returns `None`.
    ///
    /// Once a `force` has returned, or a `get` has returned `Some`, every `get` that happens after it returns
    /// `Some`. After a panic of the function, it returns `None` for ever.
    pub fn get(this: &Self) -> Option<&T> {
        // Pairs with the Release in `call_or_wait`: who reads true has the write of the value before it.
        if !this.ready.load(Acquire) {
            return None;
        }
        // SAFETY: `ready` is set, and was read with Acquire.
        Some(unsafe { this.value() })
    }

    /// The way of those who did not find `ready` set.
    #[cold]
    fn call_or_wait(&self) -> &T {
        // To run a caller's function under a lock is asking for trouble, as a rule. This lock belongs to this
        // lazy alone, and whoever wants it has come for the value and has to wait for the function anyway:
        // the mutex is what they sleep on, and it wakes them however the function ends. `get` keeps off it.
        let mut init = self.init.lock();
        // The second check. Between our look at `ready` and our getting the lock, any number of threads may
        // have had it, and the first of them has called the function.
        match mem::replace(&mut *init, Init::Called) {
            Init::Pending(f) => match catch_unwind(AssertUnwindSafe(f)) {
                Ok(value) => {
                    self.value.with_mut(|slot| {
                        // SAFETY: `slot` points into `self.value`: valid and aligned. Nobody else uses it: we
                        // hold the lock, and who reads without the lock has read `ready` set, which it is not
                        // before the store below.
                        unsafe { (*slot).write(value) };
                    });
                    // Pairs with the Acquire in `get`.
                    self.ready.store(true, Release);
                }
                Err(payload) => {
                    *init = Init::Panicked(message_of(&*payload));
                    drop(init);
                    resume_unwind(payload);
                }
            },
            Init::Called => {}
            Init::Panicked(message) => {
                *init = Init::Panicked(message.clone());
                drop(init);
                panic!("{message}");
            }
        }
        // SAFETY: `ready` is set: by this call, or by an earlier holder of the lock, whose unlocking happens
        // before our locking. For `Called` is left behind, when the lock is free, by none but those two.
        unsafe { self.value() }
    }

    /// The value.
    ///
    /// # Safety
    /// The store that sets `ready` must happen before this call.
    unsafe fn value(&self) -> &T {
        self.value.with(|slot| {
            // SAFETY: the write of the slot comes before the store that sets `ready`, and the caller vouches for
            // that: it is initialised. And nobody writes to it while the reference lives: the only function
            // is used up, and drop needs the whole lazy, which `&self` keeps borrowed for just as long.
            unsafe { (*slot).assume_init_ref() }
        })
    }
}

/// Forces the value.
impl<T, F: FnOnce() -> T> Deref for Lazy<T, F> {
    type Target = T;

    fn deref(&self) -> &T {
        Self::force(self)
    }
}

/// Drops the value, if there is one, or else the function, if it was not called.
impl<T, F> Drop for Lazy<T, F> {
    fn drop(&mut self) {
        // The function sees to itself: it is in an enum that knows whether it is there.
        if *self.ready.get_mut() {
            // SAFETY: `ready` says that the value is initialised. It is dropped here and never used again,
            // because the lazy is gone after this.
            unsafe { self.value.get_mut().assume_init_drop() };
        }
    }
}

/// What a panic with this payload says to those who do not get the payload.
fn message_of(payload: &(dyn Any + Send)) -> String {
    if let Some(message) = payload.downcast_ref::<&str>() {
        (*message).to_owned()
    } else if let Some(message) = payload.downcast_ref::<String>() {
        message.clone()
    } else {
        "lazy: the function panicked".to_owned()
    }
}
