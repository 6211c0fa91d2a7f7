//! Nothing stays behind: no thread, no result, no allocation.
//!
//! Tracked values are made by the check, captured by `f`, and returned or panicked with. Handles are joined
//! on threads that the check waits for, so a `join` that never returns is reported and does not hang the
//! test.

use goroutine::{JoinHandle, go};
use harness::leaks::{self, Tracked, track};
use harness::sync::real::thread::refuse_after;
use harness::testing::{payload_of, spawn_detached, wait_until, while_unwinding};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Release};

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// `f` has ended, and its handle is kept and not joined: the thread has to end all the same.
///
/// The handles stay, one pair at a time, until the next round replaces them: each thread has to end before
/// that.
#[test]
fn the_thread_ends_though_its_handle_is_kept() {
    // GR-12
    let mut kept = None;
    leaks::check(|| {
        kept = Some((go(|| 1), go(|| -> u32 { resume_unwind(Box::new(2)) })));
    });
    if let Some((returned, panicked)) = kept {
        detach(returned);
        detach(panicked);
    }
}

/// No thread can be created: `go` panics, and has to drop the `f` that it does not run.
#[test]
fn an_f_that_gets_no_thread_is_dropped_once() {
    join(go(|| 1));
    leaks::check(|| {
        let captured = track(1);
        let refused = payload_of(|| {
            refuse_after(0, || detach(go(move || captured)));
        });
        assert!(
            refused.is_some(),
            "no thread could be created, but `go` returned"
        );
    });
}

/// `join` gives the value to its caller, who drops it: nothing else may drop it or keep it.
#[test]
fn a_joined_value_is_dropped_once() {
    leaks::check(|| {
        let value = track(1);
        join(go(move || value));
    });
}

/// `join` gives the payload to its caller, who drops it: nothing else may drop it or keep it.
#[test]
fn a_joined_payload_is_dropped_once() {
    leaks::check(|| {
        let payload = track(1);
        join(go(move || panic_with(payload)));
    });
}

/// The handle is dropped first, so the thread has to drop what `f` leaves, a value or a payload.
#[test]
fn a_result_that_comes_after_its_handle_went_is_dropped_once() {
    leaks::check(|| {
        let (value, payload) = (track(1), track(2));
        let gone = Arc::new(AtomicBool::new(false));
        let (returns_when, panics_when) = (Arc::clone(&gone), Arc::clone(&gone));
        let returns = go(move || {
            wait_until("the handle is still there", || returns_when.load(Acquire));
            value
        });
        let panics = go(move || {
            wait_until("the handle is still there", || panics_when.load(Acquire));
            panic_with(payload)
        });
        detach(returns);
        detach(panics);
        gone.store(true, Release);
    });
}

/// The value or payload of `f` comes first, so the handle has to drop it when it is dropped unjoined, even if that is
/// part of a panic.
#[test]
fn a_result_that_came_before_its_handle_went_is_dropped_once() {
    leaks::check(|| {
        let (value, payload) = (track(1), track(2));
        let returns = go(move || value);
        let panics = go(move || panic_with(payload));
        let unfinished = "`f` ends at once, and `is_finished` still returns false";
        wait_until(unfinished, || returns.is_finished());
        wait_until(unfinished, || panics.is_finished());
        detach(returns);
        while_unwinding(|| detach(panics));
    });
}

/// What `f` captured is dropped once, whether `f` returns or panics.
#[test]
fn what_f_captured_is_dropped_once() {
    leaks::check(|| {
        for panics in [false, true] {
            let captured = track(1);
            join(go(move || {
                let captured = &captured;
                if panics {
                    resume_unwind(Box::new("`f` panics"));
                }
                **captured
            }));
        }
    });
}

/// Joined or not, after a return or a panic: no thread stays, and nothing that it made.
#[test]
fn every_thread_ends() {
    // GR-12
    leaks::check(|| {
        detach(go(|| 1));
        detach(go(|| -> u32 { resume_unwind(Box::new(2)) }));
        join(go(|| 3));
        join(go(|| -> u32 { resume_unwind(Box::new(4)) }));
    });
}

/// Drops the handle.
fn detach<T>(_: JoinHandle<T>) {}

/// Joins `handle` on a thread of its own, and drops the result.
#[track_caller]
fn join<T: Send + 'static>(handle: JoinHandle<T>) {
    spawn_detached("joiner", move || drop(handle.join()));
}

/// Panics without a message on standard error.
fn panic_with(payload: Tracked<u32>) -> Tracked<u32> {
    resume_unwind(Box::new(payload))
}
