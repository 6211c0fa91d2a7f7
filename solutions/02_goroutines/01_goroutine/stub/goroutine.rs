//! A goroutine with a handle: `go` runs a function on a thread of its own, and the handle waits for its result.

// Locks, threads, `Arc`: all from `crate::sync`, or the model checker does not see them. To begin with:
// use crate::sync::{Arc, Condvar, Mutex, thread};
use crate::sync::thread;
use std::marker::PhantomData;

/// Runs `f` on a thread of its own, as Go's `go f()` does, and returns a handle to its result.
///
/// `go` does not wait for `f`, and nothing else does but [`JoinHandle::join`]: when `main` returns the process
/// ends, with whatever still runs. What the caller did before `go` happens before `f` begins.
///
/// A panic of `f` ends `f` and nothing else. It becomes a result, which `join` hands out.
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
/// If the operating system refuses to make a thread.
pub fn go<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let _ = f;
    todo!("spawn a thread that runs `f` and leaves what comes of it for the handle")
}

/// A handle to the result of a function that [`go`] has started.
///
/// It waits for the function, where [`std::thread::JoinHandle`] waits for the whole thread: when
/// [`join`](Self::join) returns here, the thread may still be on its way out.
///
/// Dropping the handle detaches the function: it runs on, and nobody learns what became of it. Its result is
/// dropped, once, as soon as there is a result and the handle is gone, whichever comes last.
///
/// A handle may be moved to another thread and joined there.
pub struct JoinHandle<T> {
    // The fields are yours. The thread leaves a `thread::Result<T>` somewhere, and `join` finds it there; neither
    // knows which of the two comes last.
    replace_me: PhantomData<T>,
}

impl<T> JoinHandle<T> {
    /// Sleeps until `f` has ended, and returns what it returned; returns at once if `f` has ended already.
    ///
    /// All that `f` did, and the dropping of what it captured, happens before `join` returns.
    ///
    /// # Errors
    /// If `f` panicked: the payload of the panic, the very box that [`std::panic::catch_unwind`] gives.
    pub fn join(self) -> thread::Result<T> {
        todo!("sleep until `f` has ended, and take the result")
    }

    /// Whether `f` has ended, by returning or by a panic. Does not wait for it.
    ///
    /// `true` means that `join` returns at once, and it stays `true`. `false` may be out of date when you read it,
    /// but not for long: after `f` has ended, every call soon says `true`.
    ///
    /// It says that `f` has ended, and no more: what `f` wrote is yours to read after `join`.
    pub fn is_finished(&self) -> bool {
        todo!("say whether there is a result, without waiting for it")
    }
}
