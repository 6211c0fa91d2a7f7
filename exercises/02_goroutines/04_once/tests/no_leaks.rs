//! Nothing stays behind: no thread that waits for ever, no function that is neither run nor dropped, no
//! allocation.
//!
//! No test joins a thread here: the leak check waits for each of them to end, and names those that do not.

use harness::leaks::{self, track};
use harness::sync::real::{Arc, thread};
use harness::testing::{spawn_sleepers, staged_panic, staged_panic_of};
use once::Once;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// What a function owns is dropped with it, whether the function runs or comes too late.
#[test]
fn every_function_is_dropped() {
    // ON-13 requires the same of OnceFunc.
    leaks::check(|| {
        let once = Once::new();
        for n in 1..=3 {
            let owned = track(n);
            once.call_once(move || assert_eq!(owned, 1, "only the first function runs"));
        }
    });
}

/// What a function owns is dropped when it panics, and when it comes after a panic and does not run.
#[test]
fn a_function_that_panics_is_dropped() {
    // ON-03
    leaks::check(|| {
        let once = Once::new();
        for n in 1..=2 {
            let owned = track(n);
            let panic = staged_panic_of(|| {
                once.call_once(move || {
                    let _owned = owned;
                    staged_panic("the function's");
                });
            });
            assert_eq!(panic.is_some(), n == 1, "whether call {n} panicked");
        }
    });
}

/// Four calls wait for the function: all wake up, and drop their own functions unrun, though those panic when they are
/// dropped. Catches a call that waits and forgets its function in place of dropping it, and one that is to wake the next
/// when it has dropped its own.
#[test]
fn everybody_who_waits_leaves() {
    // ON-02
    leaks::check(|| {
        let once = Arc::new(Once::new());
        once.call_once(|| spawn_callers(&once));
    });
}

/// Four calls wait for a function that panics: all wake up, and drop their own functions unrun, though those panic when
/// they are dropped.
#[test]
fn everybody_who_waits_leaves_after_a_panic() {
    // ON-03
    leaks::check(|| {
        let once = Arc::new(Once::new());
        let panic = staged_panic_of(|| {
            once.call_once(|| {
                spawn_callers(&once);
                staged_panic("the function's");
            });
        });
        assert!(panic.is_some(), "the call that ran the function must panic");
    });
}

/// The function has ended: a once keeps nothing of the calls that come later.
///
/// The once outlives the check, which runs its closure several times: anything that it keeps adds up.
#[test]
fn a_once_keeps_nothing_of_later_calls() {
    // ON-08 requires the same of OnceFunc.
    let once = Arc::new(Once::new());
    once.call_once(|| {});
    leaks::check(|| {
        once.call_once(|| {});
        spawn_callers(&once);
    });
}

/// Starts four threads that call the once, each with a function that owns a value and panics when it is dropped, and
/// lets them fall asleep. A correct once passes even if they do not; one that loses sleepers fails if they do.
#[track_caller]
fn spawn_callers(once: &Arc<Once>) {
    struct PanicsOnDrop;
    impl Drop for PanicsOnDrop {
        fn drop(&mut self) {
            // A second panic would end the process: if the call itself panics, that one is the one to be told of.
            if !thread::panicking() {
                staged_panic("a drop's");
            }
        }
    }

    let calls = (1..=4).map(|n| {
        let (once, owned) = (Arc::clone(once), track(n));
        move || {
            let owned = (owned, PanicsOnDrop);
            staged_panic_of(|| once.call_once(move || drop(owned)));
        }
    });
    spawn_sleepers("caller", calls);
}
