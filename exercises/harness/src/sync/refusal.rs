//! Threads that a test refuses, on both faces: the operating system has no more of them when it pleases.

use std::error::Error;
use std::fmt;
use std::io;
use std::panic::resume_unwind;

/// How many threads a thread may still spawn; `None` if it may spawn as many as it likes.
pub(super) type Left = Option<usize>;

/// Runs `f` with `n` threads left. `replace` sets what is left for the running thread and returns what was.
pub(super) fn after<R>(n: usize, replace: impl Fn(Left) -> Left, f: impl FnOnce() -> R) -> R {
    struct Restore<F: Fn(Left) -> Left>(Left, F);
    impl<F: Fn(Left) -> Left> Drop for Restore<F> {
        fn drop(&mut self) {
            (self.1)(self.0);
        }
    }
    let _restore = Restore(replace(Some(n)), replace);
    f()
}

/// Takes one of the threads that are left.
///
/// # Errors
/// If none is.
pub(super) fn ask(replace: impl Fn(Left) -> Left) -> io::Result<()> {
    let Some(left) = replace(None) else {
        return Ok(());
    };
    let fewer = left.checked_sub(1);
    replace(Some(fewer.unwrap_or(0)));
    match fewer {
        Some(_) => Ok(()),
        None => Err(io::Error::new(io::ErrorKind::WouldBlock, Refused)),
    }
}

/// What a refused spawn returns.
#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no thread can be created: the test refuses it")
    }
}

impl Error for Refused {}

/// Returns the thread, or panics as `std::thread::spawn` does. If a test refuses the thread, the panic prints nothing:
/// the test asked for it, and catches it.
#[track_caller]
pub(super) fn expect<T>(spawned: io::Result<T>) -> T {
    spawned.unwrap_or_else(|error| {
        let message = format!("failed to spawn thread: {error}");
        if error.get_ref().is_some_and(|error| error.is::<Refused>()) {
            resume_unwind(Box::new(message));
        }
        panic!("{message}");
    })
}
