//! A value that is computed when it is first asked for, once, whoever asks.

// What you are likely to need:
//   use crate::sync::Mutex; // and perhaps Condvar
//   use crate::sync::atomic::{AtomicBool, Ordering};
//   use crate::sync::cell::UnsafeCell;
//   use std::mem::MaybeUninit;
//   use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::any::Any;
use std::marker::PhantomData;
use std::ops::Deref;

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
    // The fields are yours: something that says whether the value is there, the function as long as nobody has
    // called it, the value as soon as somebody has, what the function said if it panicked, and a place to
    // sleep for those who wait. Write down who may touch which of them, and when.
    replace_me: PhantomData<(T, F)>,
}

// The compiler does not let an `UnsafeCell` be shared, for it cannot tell whether it is used with care. These
// two lines are your word that this one is, and the comments are the proof that your code has to make true.

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
        let _ = f;
        todo!("keep the function for whoever asks first")
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
        let _ = this;
        todo!("lend the value; the first caller computes it, the others wait for that")
    }

    /// The value if it has been computed and this thread can see it, or `None`. Neither calls the function nor
    /// waits for it: in the function itself, `get` returns `None`.
    ///
    /// Once a `force` has returned, or a `get` has returned `Some`, every `get` that happens after it returns
    /// `Some`. After a panic of the function, it returns `None` for ever.
    pub fn get(this: &Self) -> Option<&T> {
        let _ = this;
        todo!("lend the value if it is there, without waiting")
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
        // Nothing is dropped yet. It is no `todo!()` because a test that fails drops its lazies, and a panic on
        // top of a panic takes the whole test run down.
    }
}

/// What a panic with this payload says to those who do not get the payload.
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
