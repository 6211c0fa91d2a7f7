//! What the tests of many lessons ask for: that a call ends, and that it panics as it should.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How long [`must_end`] waits. A call that ends takes a fraction of it on the slowest machine.
const LIMIT: Duration = Duration::from_secs(5);

/// Runs `body` on a thread of its own and requires it to end. `where_it_hangs` says what has not ended then, as in
/// "a thread is still in `wait`".
///
/// # Panics
/// If it does not end within five seconds, or as `body` does.
#[track_caller]
pub fn must_end(where_it_hangs: &str, body: impl FnOnce() + Send + 'static) {
    let (running, ended) = mpsc::channel::<()>();
    let body = thread::spawn(move || {
        let _running = running;
        body();
    });
    if ended.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
        panic!(
            "hangs: after {LIMIT:?} {where_it_hangs}. \
             If a model in race_freedom fails too, it shows how it comes to that"
        );
    }
    if let Err(panic) = body.join() {
        resume_unwind(panic);
    }
}

/// Runs `f` and gives the message that it panics with, if it panics. A payload that is no text has none to give
/// and counts as an empty one.
pub fn panic_of(f: impl FnOnce()) -> Option<String> {
    let payload = catch_unwind(AssertUnwindSafe(f)).err()?;
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned());
    Some(text.unwrap_or_default())
}

/// Requires `f` to panic with exactly this message.
///
/// # Panics
/// If it does not.
#[track_caller]
pub fn assert_panics(expected: &str, f: impl FnOnce()) {
    match panic_of(f) {
        Some(message) if message == expected => {}
        Some(message) => panic!("should panic with {expected:?}, but does with {message:?}"),
        None => panic!("should panic with {expected:?}, but returns"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_end_is_said() {
        must_end("nothing", || {});
        assert_panics("mine", || must_end("nothing", || panic!("mine")));
        let (hold, held) = mpsc::channel::<()>();
        let message = panic_of(|| {
            must_end("a thread receives", move || {
                let _ = held.recv();
            })
        });
        assert!(message.is_some_and(|text| text.starts_with("hangs: after 5s a thread receives.")));
        drop(hold);
    }

    #[test]
    fn what_does_not_panic_as_it_should_is_said() {
        assert_eq!(panic_of(|| {}), None);
        assert_eq!(panic_of(|| resume_unwind(Box::new(1))), Some(String::new()));
        assert_panics("should panic with \"a\", but does with \"b\"", || {
            assert_panics("a", || panic!("b"));
        });
        assert_panics("should panic with \"a\", but returns", || {
            assert_panics("a", || {})
        });
    }
}
