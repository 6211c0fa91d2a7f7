//! Threads that a test refuses, on both faces: the operating system has no more of them when it pleases.

use std::error::Error;
use std::fmt;
use std::io;
use std::panic::resume_unwind;

/// What a thread may still spawn; `None` if it may spawn as many threads as it likes.
pub(super) type Left = Option<Refusal>;

/// First some threads are granted, then some are refused, then all are granted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal {
    pub(super) granted: usize,
    pub(super) refused: usize,
}

/// Runs `f` with this refusal. `replace` sets what is left for the running thread and returns what was.
pub(super) fn within<R>(
    refusal: Refusal,
    replace: impl Fn(Left) -> Left,
    f: impl FnOnce() -> R,
) -> R {
    struct Restore<F: Fn(Left) -> Left>(Left, F);
    impl<F: Fn(Left) -> Left> Drop for Restore<F> {
        fn drop(&mut self) {
            (self.1)(self.0);
        }
    }
    let _restore = Restore(replace(Some(refusal)), replace);
    f()
}

/// Asks for one more thread.
///
/// # Errors
/// If it is refused.
pub(super) fn ask(replace: impl Fn(Left) -> Left) -> io::Result<()> {
    let Some(mut left) = replace(None) else {
        return Ok(());
    };
    let next = if left.granted > 0 {
        left.granted -= 1;
        Ok(())
    } else if left.refused > 0 {
        left.refused -= 1;
        Err(io::Error::new(io::ErrorKind::WouldBlock, Refused))
    } else {
        Ok(())
    };
    replace(Some(left));
    next
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
