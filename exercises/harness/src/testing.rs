//! What the tests of many lessons ask for: that a call ends, and that it panics as it should; and what their models
//! are made of.

use crate::sync::model::atomic::{AtomicBool, Ordering::Relaxed};
use crate::sync::model::cell::UnsafeCell;
use crate::sync::model::thread::{Builder, Scope, ScopedJoinHandle};
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

/// For a model: says that something has happened. It orders nothing, and reads by a read-modify-write, which sees
/// the newest value: whoever goes on too early is caught by it, and whoever leaves another's writes behind is not.
/// That one is caught by a [`Slot`].
#[derive(Debug)]
pub struct Flag(AtomicBool);

impl Flag {
    /// A flag that is down; `name` is what the dry run calls it.
    #[track_caller]
    pub fn lowered(name: &str) -> Self {
        Self(AtomicBool::named(name, false))
    }

    /// It has happened.
    #[track_caller]
    pub fn raise(&self) {
        self.0.store(true, Relaxed);
    }

    /// Whether it has.
    #[track_caller]
    pub fn is_raised(&self) -> bool {
        self.0.fetch_or(false, Relaxed)
    }
}

/// For a model: plain memory, guarded by nothing but what is tested.
#[derive(Debug)]
pub struct Slot(UnsafeCell<u32>);

// SAFETY: none of its own: it is what is tested that has to order the accesses. Where it does not, the model ends
// the test at the second of the two, before the memory is touched.
unsafe impl Sync for Slot {}

impl Slot {
    /// A slot that holds 0; `name` is what the dry run calls it.
    #[track_caller]
    pub fn empty(name: &str) -> Self {
        Self(UnsafeCell::named(name, 0))
    }

    /// Writes, as a plain store does.
    #[track_caller]
    pub fn write(&self, value: u32) {
        // SAFETY: the model has checked that nobody else is at it.
        self.0.with_mut(|slot| unsafe { *slot = value });
    }

    /// Reads, as a plain load does.
    #[track_caller]
    pub fn read(&self) -> u32 {
        // SAFETY: the model has checked that nobody writes.
        self.0.with(|slot| unsafe { *slot })
    }
}

/// For a model: starts a thread in `scope`; `name` heads its column in the dry run.
#[track_caller]
pub fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    f: impl FnOnce() -> T + Send + 'scope,
) -> ScopedJoinHandle<'scope, T> {
    Builder::new()
        .name(name.to_owned())
        .spawn_scoped(scope, f)
        .expect("a model has room for a thread")
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
