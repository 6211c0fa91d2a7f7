//! A value that is computed once, when it is first needed.

// You are likely to need:
//   use crate::sync::Mutex; // and perhaps Condvar
//   use crate::sync::atomic::{AtomicBool, Ordering};
//   use crate::sync::cell::UnsafeCell;
//   use std::mem::MaybeUninit;
//   use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::any::Any;
use std::marker::PhantomData;
use std::ops::Deref;

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
    // The fields are yours: something that says whether the value is there, the function until it is
    // called, the value after that, the message if the function panicked, and a place to sleep for the
    // waiters. Write down which thread may access each of them, and when.
    // Takes no space, and makes `T` and `F` occur in a field, as they must. Delete it when you have your own.
    replace_me: PhantomData<(T, F)>,
}

// The compiler does not let threads share an `UnsafeCell`, because it cannot check how the cell is used.
// These two lines are your promise that they may share this one. The comments are the proof, and your code
// has to make it true.

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
        let _ = f;
        todo!("keep the function for the first caller that needs the value")
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
        let _ = this;
        todo!("lend the value; the first caller computes it, and the others wait")
    }

    /// Returns the value if it has been computed and this thread can see it, otherwise `None`. Neither
    /// calls the function nor waits for it: inside the function itself, `get` returns `None`.
    ///
    /// If a `force` has returned, or a `get` has returned `Some`, every `get` that happens after it returns
    /// `Some`. After a panic of the function, every `get` returns `None`.
    pub fn get(this: &Self) -> Option<&T> {
        let _ = this;
        todo!("lend the value if it is there, without waiting")
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
        // Nothing is dropped yet. There is no `todo!()` here because a failing test drops its lazies while
        // it panics, and a second panic aborts the whole test run.
    }
}

/// Returns the message for the calls that do not get the payload of the function's panic.
#[allow(dead_code, reason = "for you to use")]
fn message_of(payload: &(dyn Any + Send)) -> String {
    if let Some(message) = payload.downcast_ref::<&str>() {
        (*message).to_owned()
    } else if let Some(message) = payload.downcast_ref::<String>() {
        message.clone()
    } else {
        "lazy: the function panicked".to_owned()
    }
}
