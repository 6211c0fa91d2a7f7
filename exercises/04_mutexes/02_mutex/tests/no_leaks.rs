//! Nothing stays behind: no thread that sleeps for ever, no value, no allocation.
//!
//! No test joins a thread here: the leak check waits for each of them to end, and names those that do not.

use harness::leaks::{self, track};
use harness::sync::real::Arc;
use harness::testing::{spawn_sleepers, staged_panic, staged_panic_of};
use mutex::{Mutex, MutexGuard};
use std::mem::ManuallyDrop;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

#[test]
fn the_value_is_dropped_once() {
    leaks::check(|| {
        let mutex = Mutex::new(track(1));
        *mutex.lock() = track(2);
        drop(mutex);
        let taken = Mutex::new(track(3)).into_inner();
        assert_eq!(taken, 3);
        // A leaked guard leaks nothing else.
        let mutex = Mutex::new(track(4));
        std::mem::forget(mutex.lock());
        drop(mutex);
    });
}

/// Four threads sleep in `lock`, and main unlocks: each is woken by the one before, and ends. One that nobody wakes is
/// still there in the end, with all that it holds.
#[test]
fn everyone_who_waits_leaves() {
    leaks::check(|| {
        let mutex = Arc::new(Mutex::new(track(0)));
        let guard = mutex.lock();
        spawn_waiters(&mutex);
        drop(guard);
    });
}

/// Four threads sleep in `lock`, and a panic unlocks: each is woken by the one before, and ends.
#[test]
fn everyone_who_waits_leaves_after_a_panic() {
    // MU-09
    leaks::check(|| {
        let mutex = Arc::new(Mutex::new(track(0)));
        let panics = staged_panic_of(|| {
            let _guard = mutex.lock();
            spawn_waiters(&mutex);
            staged_panic("under the lock");
        });
        assert_eq!(panics, Some("under the lock"));
    });
}

/// A mutex keeps nothing of the threads that have waited. It outlives the check, which runs its closure several
/// times, so anything that it keeps of a wait adds up.
#[test]
fn a_mutex_keeps_nothing_of_its_waiters() {
    let mutex = Arc::new(Mutex::new(()));
    leaks::check(|| {
        let mut guard = mutex.lock();
        spawn_waiters(&mutex);
        MutexGuard::unlocked(&mut guard, || drop(mutex.lock()));
        assert!(mutex.try_lock().is_none());
    });
}

/// A mutex that is never dropped leaks what it owns: nothing, if it is all in the mutex itself.
#[test]
fn a_mutex_owns_no_memory_elsewhere() {
    leaks::check(|| {
        let mutex = ManuallyDrop::new(Mutex::new(1));
        *mutex.lock() += 1;
        assert!(mutex.try_lock().is_some());
    });
}

/// Starts four threads that lock, and lets them fall asleep. A correct mutex passes even if they do not; one
/// that loses sleepers fails if they do.
#[track_caller]
fn spawn_waiters<T: Send + 'static>(mutex: &Arc<Mutex<T>>) {
    let mutexes = std::iter::repeat_n(mutex, 4).cloned();
    spawn_sleepers("waiter", mutexes.map(|mutex| move || drop(mutex.lock())));
}
