//! For tests on real threads. None of these lets a test pass because a wait was long enough.

use crate::sync::real::thread::{self, Builder};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long [`must_end`] waits. A call that ends takes a fraction of it on the slowest machine.
const END: Duration = Duration::from_secs(5);

/// How long [`wait_until`] waits: less than [`must_end`], so that within one it is the first to say what is wrong.
const CONDITION: Duration = Duration::from_secs(4);

/// Runs `body` on a thread of its own and requires it to end: a thread that nothing will ever wake fails the test
/// instead of hanging it. `where_it_hangs` says what has not ended in that case, as in "a thread is still in `wait`".
///
/// # Panics
/// If `body` does not end within five seconds, or as `body` does.
#[track_caller]
pub fn must_end(where_it_hangs: &str, body: impl FnOnce() + Send + 'static) {
    let (running, ended) = mpsc::channel::<()>();
    // Of std: the leak checks of a test must not count it.
    let body = std::thread::spawn(move || {
        let _running = running;
        body();
    });
    if ended.recv_timeout(END) == Err(RecvTimeoutError::Timeout) {
        panic!(
            "hangs: after {END:?} {where_it_hangs}. \
             If a model in race_freedom fails too, it shows how it comes to that"
        );
    }
    if let Err(panic) = body.join() {
        resume_unwind(panic);
    }
}

/// Returns when `condition` is true, which another thread is about to make it. `what_holds_instead` says what is
/// true until then, as in "`is_finished` still returns false".
///
/// # Panics
/// If it is not true after four seconds.
#[track_caller]
pub fn wait_until(what_holds_instead: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + CONDITION;
    while !condition() {
        if Instant::now() > deadline {
            panic!("waits in vain: after {CONDITION:?} {what_holds_instead}");
        }
        thread::yield_now();
    }
}

/// Gives other threads a chance to fall asleep, or to return too early. It is no more than a chance: a test must
/// pass whether they take it or not.
pub fn let_others_run() {
    for _ in 0..100 {
        thread::yield_now();
    }
}

/// Starts a thread that nobody joins. A leak check waits for it to end and names it if it does not.
#[track_caller]
pub fn spawn_detached(name: impl Into<String>, f: impl FnOnce() + Send + 'static) {
    Builder::new()
        .name(name.into())
        .spawn(f)
        .expect("a thread can be spawned");
}

/// Starts a [detached](spawn_detached) thread for each call, numbered after `name`. Returns when all of them have
/// begun and have had a [chance](let_others_run) to fall asleep in their calls.
#[track_caller]
pub fn spawn_sleepers<F>(name: &str, calls: impl IntoIterator<Item = F>)
where
    F: FnOnce() + Send + 'static,
{
    let coming = Arc::new(AtomicUsize::new(0));
    let mut spawned = 0;
    for call in calls {
        spawned += 1;
        let coming = Arc::clone(&coming);
        spawn_detached(format!("{name} {spawned}"), move || {
            coming.fetch_add(1, Relaxed);
            call();
        });
    }
    while coming.load(Relaxed) < spawned {
        thread::yield_now();
    }
    let_others_run();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_panics, panic_of};
    use std::sync::atomic::AtomicBool;

    #[test]
    fn a_body_that_hangs_is_rejected() {
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
    fn a_condition_that_never_holds_is_rejected() {
        assert_panics("waits in vain: after 4s it is false", || {
            wait_until("it is false", || false)
        });
        let told = Arc::new(AtomicBool::new(false));
        let tell = Arc::clone(&told);
        spawn_detached("teller", move || tell.store(true, Relaxed));
        wait_until("it is false", || told.load(Relaxed));
    }

    #[test]
    fn sleepers_have_begun_when_they_are_left_alone() {
        let begun = Arc::new(AtomicUsize::new(0));
        let calls = (0..3).map(|_| {
            let begun = Arc::clone(&begun);
            move || {
                let name = thread::current().name().map(str::to_owned);
                assert!(name.is_some_and(|name| name.starts_with("sleeper ")));
                begun.fetch_add(1, Relaxed);
            }
        });
        spawn_sleepers("sleeper", calls);
        wait_until("one has not run", || begun.load(Relaxed) == 3);
    }
}
