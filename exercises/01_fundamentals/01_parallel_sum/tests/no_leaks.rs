//! Nothing stays behind: no worker, no clone of an item, no partial result.

use harness::leaks;
use harness::sync::real::thread::refuse_after;
use harness::testing::{payload_of, staged_panic};
use parallel_sum::{reduce, sum};
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

#[test]
fn every_worker_has_left() {
    let numbers: Vec<u64> = (0..100).collect();
    leaks::check(|| {
        assert_eq!(sum(&numbers, 4), 4_950);
    });
}

#[test]
fn every_clone_is_dropped_once() {
    leaks::check(|| {
        let items: Vec<_> = (0..10).map(|n| Arc::new(leaks::track(n))).collect();
        let last = reduce(&items, 4, |_, right| right);
        assert_eq!(last.as_deref().map(|last| **last), Some(9));
    });
}

#[test]
fn partial_results_are_freed() {
    leaks::check(|| {
        let items = vec!["x".to_owned(); 100];
        let all = reduce(&items, 4, |left, right| left + &right);
        assert_eq!(all.map(|all| all.len()), Some(100));
    });
}

/// Whichever thread panics, its own run is dropped, and so are the results of the others.
#[test]
fn a_panic_leaves_nothing_behind() {
    // The unwritten stub panics here, and not where a panic is expected.
    reduce(&[1, 2], 1, |left, _| left);
    leaks::check(|| {
        for bad in 1..8 {
            let items: Vec<_> = (0..8).map(|n| Arc::new(leaks::track(n))).collect();
            let panic = payload_of(|| {
                reduce(&items, 4, |left, right| {
                    if **right == bad {
                        staged_panic("`combine`");
                    }
                    left
                });
            });
            assert!(panic.is_some(), "`combine` panicked, but `reduce` returned");
        }
    });
}

/// Some threads have been spawned when the next one is refused.
#[test]
fn a_refused_thread_leaves_nothing_behind() {
    reduce(&[1, 2], 1, |left, _| left);
    leaks::check(|| {
        for left in 0..4 {
            let items: Vec<_> = (0..8).map(|n| Arc::new(leaks::track(n))).collect();
            let reduce = || drop(reduce(&items, 4, |left, _| left));
            drop(payload_of(|| refuse_after(left, reduce)));
        }
    });
}
