//! Nothing outlives the block: no thread, no value, no allocation, whether it ends well or by a panic.

use harness::leaks::{self, Tracked, track};
use harness::sync::real::thread;
use harness::testing::{must_end, payload_of, staged_panic, staged_panic_of};
use nursery::Nursery;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Where a thread hangs, if a test does.
const IN_BLOCK: &str = "the block has not ended, or `spawn` has not returned";

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// Six children: no thread, value or allocation of theirs stays.
#[test]
fn no_child_outlives_the_block() {
    leaks::check(|| {
        must_end(IN_BLOCK, || {
            nursery::open(|nursery| {
                for _ in 0..3 {
                    nursery.spawn(|| nursery.spawn(|| ()));
                }
            });
        });
    });
}

/// One child panics, and three are still running then: the block ends after them, and nothing stays.
#[test]
fn no_child_outlives_a_block_that_panics() {
    // EG-03
    leaks::check(|| {
        must_end(IN_BLOCK, || {
            let panic = staged_panic_of(|| {
                nursery::open(|nursery| {
                    nursery.spawn(|| staged_panic("the child's"));
                    for _ in 0..3 {
                        nursery.spawn(|| outlast_a_panic(nursery));
                    }
                })
            });
            assert!(panic.is_some(), "a child has panicked, but `open` returned");
        });
    });
}

/// The body panics, and three children are still running then: the block ends after them, and nothing stays.
#[test]
fn no_child_outlives_a_body_that_panics() {
    // EG-03
    leaks::check(|| {
        must_end(IN_BLOCK, || {
            let panic = staged_panic_of(|| {
                nursery::open(|nursery| {
                    for _ in 0..3 {
                        nursery.spawn(|| outlast_a_panic(nursery));
                    }
                    staged_panic("the child's");
                })
            });
            assert!(
                panic.is_some(),
                "the body has panicked, but `open` returned"
            );
        });
    });
}

/// Each child owns a value, which goes with its closure, once.
#[test]
fn what_a_child_owns_is_dropped_once() {
    leaks::check(|| {
        let owned = [track(1), track(2), track(3)];
        must_end(IN_BLOCK, move || {
            nursery::open(|nursery| {
                for value in owned {
                    nursery.spawn(move || drop(value));
                }
            });
        });
    });
}

/// Each child owns a value and panics: the value goes when the closure is unwound, once.
#[test]
fn what_a_panicking_child_owns_is_dropped_once() {
    leaks::check(|| {
        let owned = [track(1), track(2), track(3)];
        must_end(IN_BLOCK, move || {
            let panic = staged_panic_of(|| {
                nursery::open(|nursery| {
                    for value in owned {
                        nursery.spawn(move || {
                            let _value = value;
                            staged_panic("the child's");
                        });
                    }
                })
            });
            assert!(
                panic.is_some(),
                "three children have panicked, but `open` returned"
            );
        });
    });
}

/// No thread can be created: `spawn` panics, and drops the closure that does not run, with what it owns.
#[test]
fn what_a_child_without_a_thread_owns_is_dropped_once() {
    leaks::check(|| {
        let owned = [track(1), track(2)];
        must_end(IN_BLOCK, move || {
            let begun = AtomicBool::new(false);
            let payload = payload_of(|| {
                nursery::open(|nursery| {
                    nursery.spawn(|| {
                        begun.store(true, Relaxed);
                        thread::refuse_after(0, || {
                            for value in owned {
                                nursery.spawn(move || drop(value));
                            }
                        });
                    });
                })
            });
            assert!(begun.into_inner(), "the first child has never begun");
            assert!(
                payload.is_some(),
                "a child has panicked, because it could not spawn another, but `open` returned"
            );
        });
    });
}

/// The body returns a value, and a child panics: `open` drops the value, once.
#[test]
fn what_the_body_returned_is_dropped_if_a_child_panics() {
    leaks::check(|| {
        let value = track(7);
        must_end(IN_BLOCK, move || {
            let panic = staged_panic_of(|| {
                nursery::open(|nursery| {
                    nursery.spawn(|| staged_panic("the child's"));
                    value
                });
            });
            assert!(panic.is_some(), "a child has panicked, but `open` returned");
        });
    });
}

/// The body and three children panic: one payload leaves the block, and the three others are dropped, once.
#[test]
fn every_payload_is_dropped_once() {
    // EG-02
    leaks::check(|| {
        let payloads = [track("one"), track("two"), track("three")];
        let bodys = track("the body's");
        must_end(IN_BLOCK, move || {
            let payload = payload_of(|| {
                nursery::open(|nursery| {
                    for payload in payloads {
                        nursery.spawn(move || resume_unwind(Box::new(payload)));
                    }
                    resume_unwind(Box::new(bodys))
                })
            });
            let payload =
                payload.expect("the body and all children have panicked, but `open` returned");
            if let Err(other) = payload.downcast::<Tracked<&str>>() {
                resume_unwind(other);
            }
        });
    });
}

/// Keeps a child running until after another one has panicked. It gives up in the end: other tests check
/// that it learns of the panic.
fn outlast_a_panic(nursery: &Nursery<'_, '_>) {
    for _ in 0..1_000 {
        if nursery.has_panicked() {
            break;
        }
        thread::yield_now();
    }
    thread::yield_now();
}
