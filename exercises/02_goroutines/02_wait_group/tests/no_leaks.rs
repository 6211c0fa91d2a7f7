//! Nothing stays behind: no thread that sleeps for ever, no value, no allocation.
//!
//! No test joins a thread here: the leak check waits for each of them to end, and names those that do not.

use harness::leaks;
use harness::sync::real::Arc;
use harness::testing::{panic_of, spawn_detached, spawn_sleepers};
use wait_group::WaitGroup;

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
    // WG-04. The group outlives the check, which runs its closure several times and lets all threads of one
    // round end before the next: anything that the group keeps of a waiter adds up.
    let group = Arc::new(WaitGroup::new());
    leaks::check(|| {
        group.add(1);
        spawn_waiters(&group);
        group.done();
    });
}

/// The group is idle for good, so nothing but a `wait` itself could tidy up after it.
#[test]
fn a_wait_on_an_idle_group_leaves_nothing() {
    // WG-01
    let group = WaitGroup::new();
    leaks::check(|| group.wait());
}

#[test]
fn what_a_task_owns_is_dropped_once() {
    leaks::check(|| {
        let group = Arc::new(WaitGroup::new());
        for n in 1..=3 {
            let group = Arc::clone(&group);
            let owned = leaks::track(n);
            group.add(1);
            spawn_detached(format!("worker {n}"), move || {
                drop(owned);
                group.done();
            });
        }
        spawn_detached("waiter", move || group.wait());
    });
}

#[test]
fn a_refused_add_leaves_the_group_usable() {
    // WG-05. If a lock is still held after the panic, these threads stay here for ever.
    leaks::check(|| {
        let group = Arc::new(WaitGroup::new());
        group.add(1);
        let refused = panic_of(|| group.add(-2));
        assert!(refused.is_some(), "add(-2) should panic on a counter of 1");
        spawn_waiters(&group);
        // Refused beside waiters, too: below zero, and beyond the most, which the docs leave open.
        assert!(panic_of(|| group.add(-2)).is_some());
        let taken = (0..3).take_while(|_| panic_of(|| group.add(isize::MAX)).is_none());
        (0..taken.count()).for_each(|_| group.add(-isize::MAX));
        group.done();
    });
}

/// Starts four threads that wait, and lets them fall asleep. A correct group passes even if they do not;
/// one that loses sleepers fails if they do.
#[track_caller]
fn spawn_waiters(group: &Arc<WaitGroup>) {
    let groups = std::iter::repeat_n(group, 4).cloned();
    spawn_sleepers("waiter", groups.map(|group| move || group.wait()));
}
