//! A value that is computed once, when it is first needed.

use crate::sync::Mutex;
use crate::sync::atomic::AtomicBool;
use crate::sync::atomic::Ordering::{Acquire, Release};
use crate::sync::cell::UnsafeCell;
use std::any::Any;
use std::mem::{self, MaybeUninit};
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// A value that is computed when it is first needed: Go's `sync.OnceValue`.
///
/// The first thread that needs the value, by [`force`](Self::force) or by `*lazy`, calls the function.
/// Threads that need it in the meantime sleep until the function has returned. All later ones read the
/// value without a lock.
///
/// [`std::sync::LazyLock`] differs if the function panics: with it, every later call panics with the
/// message that the lazy is poisoned. Here, every later call panics with the function's own message. An
/// [`OnceLock`](std::sync::OnceLock) takes a function from each caller, and it may be a different one each
/// time. A lazy has only one function, which `new` takes.
///
/// `force` and `get` are not methods, because `*lazy` makes the methods of `T` available as
/// `lazy.method()`, and methods of the lazy would hide them.
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
/// # Happens-before
/// Everything that the function did happens before everything that a thread does after its `force` has
/// returned, or after its `get` has returned `Some`. A `get` that returns `None` orders nothing.
///
/// # Threads
/// A `Lazy<T, F>` is `Send` if `T` and `F` are `Send`. It is `Sync` if `T` is `Send` and `Sync` and `F` is
/// `Send`: many threads may read the value, and another thread than the one that made it may drop it. Only
/// one thread calls the function, but it need not be the one that passed it to `new`.
///
/// # Drops
/// The function, with everything that it has captured, is dropped exactly once: by the call, before any
/// `force` returns or panics, or with the lazy if there was no call. The value, if it was made, is dropped
/// exactly once, with the lazy. A lazy keeps nothing of later calls.
pub struct Lazy<T, F = fn() -> T> {
    /// Set after `value` has been written, and never reset. The first of the two checks.
    ready: AtomicBool,
    /// The second check. The function runs under this lock, and other threads wait for the lock meanwhile.
    init: Mutex<Init<F>>,
    /// Initialised as soon as `ready` is set. Until then it belongs to the holder of the lock.
    //
    // `LazyLock` saves space: the function and the value share a union, because they are never there at the
    // same time. Here that would take `unsafe` to call and to drop the function, and it would not be
    // faster.
    value: UnsafeCell<MaybeUninit<T>>,
}

/// What a thread has to do when it gets the lock.
enum Init<F> {
    /// Call the function: it has not been called.
    Pending(F),
    /// Nothing: the function has returned and `ready` is set. (While the function runs, the state is
    /// `Called` too, but no other thread gets the lock to see it.)
    Called,
    /// Panic with this message, as the function did.
    Panicked(String),
}

// SAFETY: the owner of the lazy owns the function or the value in it, and nothing in it is tied to the
// thread that made it. So moving the lazy to another thread does no more than move an `F` or a `T`.
unsafe impl<T: Send, F: Send> Send for Lazy<T, F> {}

// SAFETY: the bounds allow everything that threads can do with a shared lazy. Each of them gets a `&T`,
// which `T: Sync` allows. One makes the `T` that another, the owner of the lazy at the end, drops, which
// `T: Send` allows. One takes, by value, the `F` that another passed to `new`, which `F: Send` allows; no
// two threads use the `F` at once, so it need not be `Sync`. The lazy's own accesses never race, as the
// comment at each of them shows.
unsafe impl<T: Send + Sync, F: Send> Sync for Lazy<T, F> {}

impl<T, F: FnOnce() -> T> Lazy<T, F> {
    /// Creates a lazy value that `f` will compute. Does not call `f` yet.
    pub fn new(f: F) -> Self {
        Self {
            ready: AtomicBool::new(false),
            init: Mutex::new(Init::Pending(f)),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// Returns the value, and computes it first if it has not been computed.
    ///
    /// Of all the calls on one lazy, however they overlap, exactly one calls the function. No call returns
    /// before the function has returned, and the calls that wait for it sleep. All of them return a
    /// reference to the same value.
    ///
    /// The function may do anything, including forcing another lazy, but it must not force this one, even
    /// indirectly: such a call never returns. It may block for ever, or panic.
    ///
    /// # Panics
    /// If the function panics, every call panics, and the function is not called again. The call that ran
    /// the function panics with the original payload. All other calls, including those that waited for the
    /// function, panic with its message: the `&str` or `String` that `panic!` makes. If the payload is
    /// neither, their message is `lazy: the function panicked`.
    pub fn force(this: &Self) -> &T {
        match Self::get(this) {
            Some(value) => value,
            None => this.call_or_wait(),
        }
    }

    /// Returns the value if it has been computed and this thread can see it, otherwise `None`. Neither
    /// calls the function nor waits for it: inside the function itself, `get` returns `None`.
    ///
    /// If a `force` has returned, or a `get` has returned `Some`, every `get` that happens after it returns
    /// `Some`. After a panic of the function, every `get` returns `None`.
    pub fn get(this: &Self) -> Option<&T> {
        // Pairs with the Release in `call_or_wait`: the write of the value happens before a load of true.
        if !this.ready.load(Acquire) {
            return None;
        }
        // SAFETY: `ready` is set, and was read with Acquire.
        Some(unsafe { this.value() })
    }

    /// Calls the function or waits for it, if `ready` was not found set.
    #[cold]
    fn call_or_wait(&self) -> &T {
        // As a rule, running a caller's function under a lock asks for trouble. But only this lazy uses
        // this lock, and a thread that takes it needs the value, so it has to wait for the function anyway.
        // Waiters sleep on the mutex, which wakes them however the function ends. `get` does not take it.
        let mut init = self.init.lock();
        // The second check. Between this thread's load of `ready` and its lock, any number of threads may
        // have had the lock, and the first of them has called the function.
        match mem::replace(&mut *init, Init::Called) {
            Init::Pending(f) => match catch_unwind(AssertUnwindSafe(f)) {
                Ok(value) => {
                    self.value.with_mut(|slot| {
                        // SAFETY: `slot` points into `self.value`, so it is valid and aligned. No other
                        // thread uses it: this thread holds the lock, and a thread that reads without the
                        // lock has found `ready` set, which it is not before the store below.
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
        // SAFETY: `ready` is set, by this call or by an earlier holder of the lock, whose unlock happens
        // before this lock: while the lock is free, the state is `Called` only if `ready` has been set.
        unsafe { self.value() }
    }

    /// Returns the value.
    ///
    /// # Safety
    /// The store that sets `ready` must happen before this call.
    unsafe fn value(&self) -> &T {
        self.value.with(|slot| {
            // SAFETY: the write of the slot comes before the store that sets `ready`, and the caller
            // guarantees that this store happens before the call: the slot is initialised. Nothing writes
            // to it while the reference lives: the only function is used up, and drop needs the whole lazy,
            // which `&self` keeps borrowed for just as long.
            unsafe { (*slot).assume_init_ref() }
        })
    }
}

/// Forces the value when it is dereferenced.
impl<T, F: FnOnce() -> T> Deref for Lazy<T, F> {
    type Target = T;

    fn deref(&self) -> &T {
        Self::force(self)
    }
}

/// Drops the value if there is one, or the function if it was not called.
impl<T, F> Drop for Lazy<T, F> {
    fn drop(&mut self) {
        // The function needs no code here: it is in an enum, which drops it if it is there.
        if *self.ready.get_mut() {
            // SAFETY: `ready` says that the value is initialised. It is never used again, because the lazy
            // is gone after this.
            unsafe { self.value.get_mut().assume_init_drop() };
        }
    }
}

/// Returns the message for the calls that do not get the payload of the function's panic.
fn message_of(payload: &(dyn Any + Send)) -> String {
    if let Some(message) = payload.downcast_ref::<&str>() {
        (*message).to_owned()
    } else if let Some(message) = payload.downcast_ref::<String>() {
        message.clone()
    } else {
        "lazy: the function panicked".to_owned()
    }
}
