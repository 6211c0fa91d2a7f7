//! Nothing stays behind: no thread that waits for ever, no function that is neither run nor dropped, no
//! allocation.
//!
//! Nobody joins a thread here: the leak check waits for each to end, and names those that don't.

use harness::leaks::{self, track};
use harness::sync::real::{Arc, thread};
use once::Once;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// What a function owns goes with it, whether it is run or not.
#[test]
fn every_function_is_dropped() {
    // ON-13 asks as much of OnceFunc.
    leaks::check(|| {
        let once = Once::new();
        for n in 1..=3 {
            let owned = track(n);
            once.call_once(move || assert_eq!(owned, 1, "only the first function runs"));
        }
    });
}

#[test]
fn a_function_that_panics_is_dropped() {
    // ON-03
    leaks::check(|| {
        let once = Once::new();
        for n in 1..=2 {
            let owned = track(n);
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                once.call_once(move || {
                    let _owned = owned;
                    resume_unwind(Box::new(()));
                });
            }));
            assert_eq!(panicked.is_err(), n == 1, "whether call {n} panicked");
        }
    });
}

#[test]
fn everybody_who_waits_leaves() {
    // ON-02
    leaks::check(|| {
        let once = Arc::new(Once::new());
        once.call_once(|| spawn_callers(&once));
    });
}

#[test]
fn everybody_who_waits_leaves_after_a_panic() {
    // ON-03
    leaks::check(|| {
        let once = Arc::new(Once::new());
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            once.call_once(|| {
                spawn_callers(&once);
                resume_unwind(Box::new(()));
            });
        }));
        assert!(panicked.is_err(), "the call that ran the function");
    });
}

/// The once outlives the check, which runs its closure several times: whatever a once that is done keeps of a
/// call adds up.
#[test]
fn a_once_keeps_nothing_of_later_calls() {
    // ON-08 asks as much of OnceFunc.
    let once = Arc::new(Once::new());
    once.call_once(|| {});
    leaks::check(|| {
        once.call_once(|| {});
        spawn_callers(&once);
    });
}

/// Spawns four threads that call the once, each with a function that owns a value, and gives them a chance to
/// fall asleep. A once that is right passes whether they do or not; one that forgets sleepers is found out by
/// those who do.
#[track_caller]
fn spawn_callers(once: &Arc<Once>) {
    let coming = Arc::new(AtomicUsize::new(0));
    for n in 1..=4 {
        let once = Arc::clone(once);
        let coming = Arc::clone(&coming);
        let owned = track(n);
        thread::Builder::new()
            .name(format!("caller {n}"))
            .spawn(move || {
                coming.fetch_add(1, Relaxed);
                once.call_once(move || drop(owned));
            })
            .expect("a thread can be spawned");
    }
    while coming.load(Relaxed) < 4 {
        thread::yield_now();
    }
    for _ in 0..100 {
        thread::yield_now();
    }
}
