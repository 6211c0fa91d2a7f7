//! A set belongs to its caller: a call starts no thread, and when the set is dropped, nothing is left.

use harness::leaks;
use harness::sync::real::thread::refuse_after;
use harness::testing::payload_of;
use std::collections::BTreeSet;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// A set belongs to its caller: when it is dropped, nothing that the call made is left, and each call gives the
/// same set.
#[test]
fn the_sets_of_increments_leave_nothing() {
    leaves_nothing(interleavings::increments_by_load_and_store);
    leaves_nothing(interleavings::increments_by_fetch_add);
}

/// A set belongs to its caller: when it is dropped, nothing that the call made is left, and each call gives the
/// same set.
#[test]
fn the_sets_of_store_buffering_leave_nothing() {
    leaves_nothing(interleavings::store_buffering_relaxed);
    leaves_nothing(interleavings::store_buffering_fenced);
}

/// A set belongs to its caller: when it is dropped, nothing that the call made is left, and each call gives the
/// same set.
#[test]
fn the_sets_of_message_passing_leave_nothing() {
    leaves_nothing(interleavings::message_passing_relaxed);
    leaves_nothing(interleavings::message_passing_release_acquire);
}

/// Calls twice, like a program that compares what it saw with the set each time. Also catches a set that stays in a
/// thread-local.
#[track_caller]
fn leaves_nothing<T: Ord + std::fmt::Debug>(set: fn() -> BTreeSet<T>) {
    leaks::check(|| assert_eq!(set(), set(), "the same set each time"));
    let bytes = leaks::bytes_left_by(|| drop(set()));
    assert_eq!(bytes, 0, "bytes that a call keeps when its set is dropped");
}

/// No function runs its program: what a run shows is a part of what can happen.
#[test]
fn a_set_is_worked_out_without_a_thread() {
    #[track_caller]
    fn starts_no_thread<T>(set: fn() -> BTreeSet<T>) {
        set();
        let refused = payload_of(|| drop(refuse_after(0, set)));
        assert!(refused.is_none(), "a call spawned a thread");
    }
    starts_no_thread(interleavings::increments_by_load_and_store);
    starts_no_thread(interleavings::increments_by_fetch_add);
    starts_no_thread(interleavings::store_buffering_relaxed);
    starts_no_thread(interleavings::store_buffering_fenced);
    starts_no_thread(interleavings::message_passing_relaxed);
    starts_no_thread(interleavings::message_passing_release_acquire);
}
