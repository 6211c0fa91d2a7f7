//! Nothing outlives the block: no thread, no value, no allocation, whether it ends well or by a panic.

use harness::leaks::{self, Tracked, track};
use harness::sync::real::thread;
use nursery::Nursery;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

#[test]
fn no_child_outlives_the_block() {
    leaks::check(|| {
        must_end(|| {
            nursery::open(|nursery| {
                for _ in 0..3 {
                    nursery.spawn(|| nursery.spawn(|| ()));
                }
            });
        });
    });
}

#[test]
fn no_child_outlives_a_block_that_panics() {
    // EG-03
    leaks::check(|| {
        must_end(|| {
            let panic = panic_of::<Boom>(|| {
                nursery::open(|nursery| {
                    nursery.spawn(boom);
                    for _ in 0..3 {
                        nursery.spawn(|| outlast_a_panic(nursery));
                    }
                })
            });
            assert!(panic.is_some(), "a child has panicked, and `open` returned");
        });
    });
}

#[test]
fn no_child_outlives_a_body_that_panics() {
    // EG-03
    leaks::check(|| {
        must_end(|| {
            let panic = panic_of::<Boom>(|| {
                nursery::open(|nursery| {
                    for _ in 0..3 {
                        nursery.spawn(|| outlast_a_panic(nursery));
                    }
                    boom();
                })
            });
            assert!(
                panic.is_some(),
                "the body has panicked, and `open` returned"
            );
        });
    });
}

#[test]
fn what_a_child_owns_is_dropped_once() {
    leaks::check(|| {
        let owned = [track(1), track(2), track(3)];
        must_end(move || {
            nursery::open(|nursery| {
                for value in owned {
                    nursery.spawn(move || drop(value));
                }
            });
        });
    });
}

#[test]
fn what_a_panicking_child_owns_is_dropped_once() {
    leaks::check(|| {
        let owned = [track(1), track(2), track(3)];
        must_end(move || {
            let panic = panic_of::<Boom>(|| {
                nursery::open(|nursery| {
                    for value in owned {
                        nursery.spawn(move || {
                            let _value = value;
                            boom();
                        });
                    }
                })
            });
            assert!(panic.is_some(), "three children have panicked");
        });
    });
}

#[test]
fn what_the_body_returned_is_dropped_if_a_child_panics() {
    leaks::check(|| {
        let value = track(7);
        must_end(move || {
            let panic = panic_of::<Boom>(|| {
                nursery::open(|nursery| {
                    nursery.spawn(boom);
                    value
                });
            });
            assert!(panic.is_some(), "a child has panicked, and `open` returned");
        });
    });
}

#[test]
fn every_payload_is_dropped_once() {
    // EG-02
    leaks::check(|| {
        let payloads = [track("one"), track("two"), track("three")];
        let bodys = track("the body's");
        must_end(move || {
            let panic = panic_of::<Tracked<&str>>(|| {
                nursery::open(|nursery| {
                    for payload in payloads {
                        nursery.spawn(move || resume_unwind(Box::new(payload)));
                    }
                    resume_unwind(Box::new(bodys))
                })
            });
            assert!(panic.is_some(), "all have panicked, and `open` returned");
        });
    });
}

/// What the children here panic with, so that it is not mistaken for another panic.
struct Boom;

/// Panics, without a word on standard error.
fn boom() {
    resume_unwind(Box::new(Boom))
}

/// The payload of the panic that left `f`, if it is a `P`. Any other goes on.
fn panic_of<P: 'static>(f: impl FnOnce()) -> Option<P> {
    let payload = catch_unwind(AssertUnwindSafe(f)).err()?;
    match payload.downcast() {
        Ok(payload) => Some(*payload),
        Err(other) => resume_unwind(other),
    }
}

/// What a child does that is still there when another panics. It gives up in the end: that it hears of the
/// panic is asked elsewhere.
fn outlast_a_panic(nursery: &Nursery<'_, '_>) {
    for _ in 0..10_000 {
        if nursery.has_panicked() {
            break;
        }
        thread::yield_now();
    }
    thread::yield_now();
}

/// Runs `block` on a thread of its own and fails if it hangs. No test passes by the limit: it is there for
/// a thread that nobody will ever wake.
#[track_caller]
fn must_end(block: impl FnOnce() + Send + 'static) {
    harness::testing::must_end(
        "the block has not ended, or `spawn` has not returned",
        block,
    );
}
