//! Nothing stays behind: no thread that sleeps for ever, no value, no allocation.
//!
//! Nobody joins a thread here: the leak check waits for each to end, and names those that don't.

use harness::leaks;
use harness::sync::real::{Arc, thread};
use packed_wait_group::WaitGroup;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

#[test]
fn every_waiter_leaves() {
    // WG-03
    leaks::check(|| {
        let group = Arc::new(WaitGroup::new());
        group.add(2);
        spawn_waiters(&group);
        group.done();
        group.done();
    });
}

#[test]
fn a_group_keeps_nothing_of_its_rounds() {
    // WG-04, WG-10. The group outlives the check, which runs its closure several times and lets all threads
    // of one round end before the next: whatever the group keeps of a waiter adds up.
    let group = Arc::new(WaitGroup::new());
    leaks::check(|| {
        group.add(1);
        spawn_waiters(&group);
        group.done();
    });
}

#[test]
fn what_a_task_owns_is_dropped_once() {
    leaks::check(|| {
        let group = Arc::new(WaitGroup::new());
        for n in 1..=3 {
            let group = Arc::clone(&group);
            let owned = leaks::track(n);
            group.add(1);
            spawn(format!("worker {n}"), move || {
                drop(owned);
                group.done();
            });
        }
        spawn("waiter".to_owned(), move || group.wait());
    });
}

#[test]
fn a_refused_add_leaves_the_group_usable() {
    // WG-05. A counter or a mark that the refused `add` has left would keep these threads here for ever.
    leaks::check(|| {
        let group = Arc::new(WaitGroup::new());
        group.add(1);
        let refused = catch_unwind(AssertUnwindSafe(|| group.add(-2)));
        assert!(refused.is_err(), "add(-2) should panic on a counter of 1");
        spawn_waiters(&group);
        group.done();
    });
}

/// Spawns four threads that wait, and gives them a chance to fall asleep. A group that is right passes whether
/// they do or not; one that loses sleepers is found out by those who do.
#[track_caller]
fn spawn_waiters(group: &Arc<WaitGroup>) {
    let coming = Arc::new(AtomicUsize::new(0));
    for n in 1..=4 {
        let group = Arc::clone(group);
        let coming = Arc::clone(&coming);
        spawn(format!("waiter {n}"), move || {
            coming.fetch_add(1, Relaxed);
            group.wait();
        });
    }
    while coming.load(Relaxed) < 4 {
        thread::yield_now();
    }
    for _ in 0..100 {
        thread::yield_now();
    }
}

#[track_caller]
fn spawn(name: String, f: impl FnOnce() + Send + 'static) {
    thread::Builder::new()
        .name(name)
        .spawn(f)
        .expect("a thread can be spawned");
}
