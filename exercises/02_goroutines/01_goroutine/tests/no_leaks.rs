//! Nothing stays behind: no thread, no result, no allocation.
//!
//! What is tracked is made by the check, captured by `f`, and returned or panicked with.

use goroutine::go;
use harness::leaks::{self, Tracked, track};
use harness::sync::real::thread;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Release};

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

#[test]
fn every_thread_ends() {
    // GR-12
    leaks::check(|| {
        let joined = go(|| 1);
        drop(go(|| 2));
        drop(go(|| -> u32 { resume_unwind(Box::new(3)) }));
        assert!(joined.join().is_ok(), "`f` returned 1");
    });
}

#[test]
fn a_joined_value_is_dropped_once() {
    leaks::check(|| {
        let value = track(1);
        match go(move || value).join() {
            Ok(value) => assert_eq!(value, 1),
            Err(_) => panic!("`join` says that `f` panicked, and it did not"),
        }
    });
}

#[test]
fn a_joined_payload_is_dropped_once() {
    leaks::check(|| {
        let payload = track(1);
        match go(move || panic_with(payload)).join() {
            Ok(_) => panic!("`f` panicked, and `join` says that it returned"),
            Err(payload) => assert!(payload.is::<Tracked<u32>>(), "the payload of the panic"),
        }
    });
}

/// The handles go first: nobody is left to take a result when it comes.
#[test]
fn a_result_that_comes_after_its_handle_went_is_dropped_once() {
    leaks::check(|| {
        let (value, payload) = (track(1), track(2));
        let gone = Arc::new(AtomicBool::new(false));
        let (returns_when, panics_when) = (Arc::clone(&gone), Arc::clone(&gone));
        let returns = go(move || {
            wait_for(&returns_when);
            value
        });
        let panics = go(move || {
            wait_for(&panics_when);
            panic_with(payload)
        });
        drop((returns, panics));
        gone.store(true, Release);
    });
}

/// The results are there first: the handles go without taking them.
#[test]
fn a_result_that_came_before_its_handle_went_is_dropped_once() {
    leaks::check(|| {
        let (value, payload) = (track(1), track(2));
        let returns = go(move || value);
        let panics = go(move || panic_with(payload));
        while !(returns.is_finished() && panics.is_finished()) {
            thread::yield_now();
        }
        drop((returns, panics));
    });
}

#[test]
fn what_f_captured_is_dropped_once() {
    leaks::check(|| {
        for panics in [false, true] {
            let captured = track(1);
            let handle = go(move || {
                let captured = &captured;
                if panics {
                    resume_unwind(Box::new("`f` panics"));
                }
                **captured
            });
            assert_eq!(handle.join().is_err(), panics);
        }
    });
}

/// A panic without a message on standard error.
fn panic_with(payload: Tracked<u32>) -> Tracked<u32> {
    resume_unwind(Box::new(payload))
}

fn wait_for(flag: &AtomicBool) {
    while !flag.load(Acquire) {
        thread::yield_now();
    }
}
