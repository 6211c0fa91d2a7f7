//! Nothing stays behind: no thread that sleeps for ever, no value, no allocation.
//!
//! No test joins a thread here: the leak check waits for each of them to end, and names those that do not.

use harness::leaks::{self, track};
use harness::sync::real::Arc;
use harness::testing::{spawn_sleepers, staged_panic, staged_panic_of};
use rw_mutex::RwMutex;
use std::mem::{ManuallyDrop, forget};

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

#[test]
fn the_value_is_dropped_once() {
    leaks::check(|| {
        let lock = RwMutex::new(track(1));
        *lock.write() = track(2);
        drop(lock);
        let taken = RwMutex::new(track(3)).into_inner();
        assert_eq!(taken, 3);
        // A leaked guard leaks nothing else.
        let lock = RwMutex::new(track(4));
        forget(lock.read());
        drop(lock);
    });
}

/// Two readers and two writers sleep, and a writer unlocks: each is woken by one before it, and ends. One that nobody wakes
/// is still there in the end, with all that it holds.
#[test]
fn everyone_who_waits_for_a_writer_leaves() {
    // RW-07
    leaks::check(|| {
        let lock = Arc::new(RwMutex::new(track(0)));
        let guard = lock.write();
        spawn_waiters(&lock);
        drop(guard);
    });
}

/// Two readers and two writers sleep, and a reader unlocks: each is woken by one before it, and ends.
#[test]
fn everyone_who_waits_for_a_reader_leaves() {
    // RW-08
    leaks::check(|| {
        let lock = Arc::new(RwMutex::new(track(0)));
        let guard = lock.read();
        spawn_waiters(&lock);
        drop(guard);
    });
}

/// Two readers and two writers sleep, and the panic of a writer unlocks: each is woken by one before it, and ends.
#[test]
fn everyone_who_waits_leaves_after_a_panic() {
    leaks::check(|| {
        let lock = Arc::new(RwMutex::new(track(0)));
        let panics = staged_panic_of(|| {
            let _guard = lock.write();
            spawn_waiters(&lock);
            staged_panic("under the lock");
        });
        assert_eq!(panics, Some("under the lock"));
    });
}

/// A lock keeps nothing of the threads that have waited. It outlives the check, which runs its closure several
/// times, so anything that it keeps of a wait adds up.
#[test]
fn a_lock_keeps_nothing_of_its_waiters() {
    let lock = Arc::new(RwMutex::new(()));
    leaks::check(|| {
        let guard = lock.read();
        spawn_waiters(&lock);
        assert!(lock.try_write().is_none(), "there was a reader");
        drop(guard);
    });
}

/// A lock that is never dropped leaks what it owns: nothing, if it is all in the lock itself.
#[test]
fn a_lock_owns_no_memory_elsewhere() {
    leaks::check(|| {
        let lock = ManuallyDrop::new(RwMutex::new(1));
        *lock.write() += 1;
        assert!(lock.try_read().is_some());
    });
}

/// Starts two readers and two writers, and lets them fall asleep. A correct lock passes even if they do not;
/// one that loses sleepers fails if they do.
#[track_caller]
fn spawn_waiters<T: Send + Sync + 'static>(lock: &Arc<RwMutex<T>>) {
    let waiters = (0..4).map(|n| {
        let lock = Arc::clone(lock);
        move || {
            if n % 2 == 0 {
                drop(lock.write());
            } else {
                drop(lock.read());
            }
        }
    });
    spawn_sleepers("waiter", waiters);
}
