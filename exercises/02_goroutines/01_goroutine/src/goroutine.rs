//! A goroutine with a handle: `go` runs a function on its own thread, and the handle waits for its result.

// Take locks, threads and `Arc` from `crate::sync`: the model checker sees no others. To begin with:
// use crate::sync::{Arc, Condvar, Mutex, thread};
use crate::sync::thread;
use std::marker::PhantomData;

/// Runs `f` on a thread of its own, as Go's `go f()` does, and returns a handle to its result.
///
/// `go` does not wait for `f`; only [`JoinHandle::join`] does. When `main` returns, the process ends, even
/// if `f` is still running. What the caller did before `go` happens before `f` begins.
///
/// A panic of `f` ends `f` and nothing else. It becomes the result, which `join` returns.
///
/// When `f` has ended, its thread ends too, whether the handle is joined, dropped or kept.
///
/// ```
/// use goroutine::go;
///
/// let answer = go(|| 6 * 7);
/// assert_eq!(answer.join().unwrap(), 42);
///
/// let broken = go(|| -> u32 { panic!("no answer") });
/// assert_eq!(broken.join().unwrap_err().downcast_ref(), Some(&"no answer"));
/// ```
///
/// # Panics
/// Panics if the operating system cannot create a thread. Then `f` does not run; it is dropped.
pub fn go<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let _ = f;
    todo!("spawn a thread that runs `f` and stores its result for the handle")
}

/// A handle to the result of a function that [`go`] has started.
///
/// [`join`](Self::join) waits for the function, but [`std::thread::JoinHandle`] waits for the whole thread:
/// when `join` returns here, the thread may not have ended yet.
///
/// Dropping the handle detaches the function: it keeps running, and its result is lost. The result is
/// dropped once, as soon as it exists and the handle is gone.
///
/// A handle may be moved to another thread and joined there.
pub struct JoinHandle<T> {
    // The fields are yours. The thread stores a `thread::Result<T>` somewhere, and `join` takes it from
    // there; neither side knows whether it is the first or the last.
    // Takes no space, and makes `T` occur in a field, as it must. Delete it when you have fields of your own.
    replace_me: PhantomData<T>,
}

impl<T> JoinHandle<T> {
    /// Sleeps until `f` has ended, and returns what `f` returned. Returns at once if `f` has already ended.
    ///
    /// Everything that `f` did, including the drop of what it captured, happens before `join` returns.
    ///
    /// # Errors
    /// Returns the payload of the panic if `f` panicked: the very box that [`std::panic::catch_unwind`]
    /// returns.
    pub fn join(self) -> thread::Result<T> {
        todo!("sleep until `f` has ended, and take the result")
    }

    /// Returns whether `f` has ended, by returning or by panicking. Does not wait for `f`.
    ///
    /// `true` means that `join` returns at once; all later calls return `true` too. `false` may already be
    /// out of date when you read it, but not for long: soon after `f` has ended, every call returns `true`.
    /// Threads that share the handle may ask at the same time, and do not disturb each other.
    ///
    /// `true` says that `f` has ended, and no more: to read what `f` wrote, call `join` first.
    pub fn is_finished(&self) -> bool {
        todo!("return whether there is a result, without waiting for it")
    }
}
