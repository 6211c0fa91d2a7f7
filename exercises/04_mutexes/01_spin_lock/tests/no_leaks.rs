//! Nothing stays behind: no thread that waits for ever, no value, no allocation.

use harness::leaks::{self, track};
use harness::sync::real::Arc;
use harness::testing::{Counted, spawn_detached, spawn_sleepers, staged_panic, staged_panic_of};
use spin_lock::SpinLock;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// Also the value of a lock whose guard was forgotten: the lock does not look at the flag then.
#[test]
fn the_value_is_dropped_with_its_lock() {
    leaks::check(|| {
        let lock = SpinLock::new(track(1));
        assert_eq!(*lock.lock(), 1);
        assert!(lock.try_lock().is_some());
        std::mem::forget(lock.lock());
    });
}

#[test]
fn a_value_taken_out_is_dropped_once() {
    leaks::check(|| {
        let value = SpinLock::new(track(1)).into_inner();
        assert_eq!(value, 1);
    });
}

#[test]
fn a_guard_drops_nothing_but_itself() {
    leaks::check(|| {
        let before = Counted::drops();
        let lock = SpinLock::new(Counted);
        drop(lock.lock());
        drop(lock.try_lock());
        assert_eq!(Counted::drops() - before, 0, "values dropped with a guard");
        *lock.lock() = Counted;
        assert_eq!(
            Counted::drops() - before,
            1,
            "values dropped by writing another"
        );
        drop(lock.into_inner());
        assert_eq!(Counted::drops() - before, 2, "values dropped at the end");
    });
}

/// A lock that outlives the check must not grow: neither by locking, nor by being refused.
#[test]
fn a_lock_keeps_nothing_of_its_holders() {
    let lock = SpinLock::new(0);
    leaks::check(|| {
        for _ in 0..10 {
            let mut data = lock.lock();
            *data += 1;
            assert!(lock.try_lock().is_none());
        }
        drop(lock.try_lock());
    });
}

/// Three threads wait. Each of them gets the lock, one after the other, and leaves nothing behind.
#[test]
fn every_thread_that_waits_gets_the_lock() {
    leaks::check(|| {
        let lock = Arc::new(SpinLock::new(track(0)));
        let guard = lock.lock();
        let waiters = std::iter::repeat_n(&lock, 3).cloned();
        spawn_sleepers("waiter", waiters.map(|lock| move || drop(lock.lock())));
        drop(guard);
    });
}

#[test]
fn a_holder_that_panics_leaves_nobody_waiting() {
    // differs from MU-09
    leaks::check(|| {
        let lock = Arc::new(SpinLock::new(track(0)));
        let waits = Arc::clone(&lock);
        let panicked = staged_panic_of(|| {
            let _guard = lock.lock();
            spawn_detached("waiter", move || drop(waits.lock()));
            staged_panic("the holder's");
        });
        assert_eq!(panicked, Some("the holder's"));
    });
}

#[test]
fn a_lock_owns_no_memory_elsewhere() {
    let left = leaks::bytes_left_by(|| _ = std::mem::ManuallyDrop::new(SpinLock::new(7_u64)));
    assert_eq!(left, 0, "bytes that a lock has allocated");
}
