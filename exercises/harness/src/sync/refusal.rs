//! Threads that a test refuses, on both faces: the operating system has no more of them when it pleases.

use std::io;

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
        None => Err(io::Error::new(
            io::ErrorKind::WouldBlock,
            "no thread can be created: the test refuses it",
        )),
    }
}
