//! Nothing stays behind: no thread that sleeps for ever, no value, no allocation.
//!
//! No test joins a thread here: the leak check waits for each of them to end, and names those that do not.

use barrier::Barrier;
use harness::leaks;
use harness::sync::real::Arc;
use harness::testing::{spawn_detached, spawn_sleepers};

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

#[test]
fn everyone_leaves() {
    // WG-03
    leaks::check(|| {
        let barrier = Arc::new(Barrier::new(5));
        spawn_four(&barrier, 1);
        barrier.wait();
    });
}

#[test]
fn everyone_leaves_the_last_of_many_rounds() {
    // WG-04. A thread that is left behind in one round is missing in the next, and the other three stay
    // there.
    leaks::check(|| {
        let barrier = Arc::new(Barrier::new(4));
        spawn_four(&barrier, 20);
    });
}

#[test]
fn a_barrier_keeps_nothing_of_its_rounds() {
    // WG-04. The barrier outlives the check, which runs its closure several times and lets all threads of
    // one run end before the next: anything that the barrier keeps of a round adds up.
    let barrier = Arc::new(Barrier::new(5));
    let for_one = Barrier::new(1);
    leaks::check(|| {
        for_one.wait();
        spawn_four(&barrier, 3);
        for _ in 0..3 {
            barrier.wait();
        }
    });
}

#[test]
fn what_a_participant_owns_is_dropped_once() {
    leaks::check(|| {
        let barrier = Arc::new(Barrier::new(3));
        for n in 1..=3 {
            let barrier = Arc::clone(&barrier);
            let owned = leaks::track(n);
            spawn_detached(format!("owner {n}"), move || {
                barrier.wait();
                drop(owned);
            });
        }
    });
}

/// Starts four threads that each take part in this number of rounds, and lets them fall asleep. A correct
/// barrier passes even if they do not; one that loses sleepers fails if they do.
#[track_caller]
fn spawn_four(barrier: &Arc<Barrier>, rounds: usize) {
    let calls = std::iter::repeat_n(barrier, 4).cloned().map(|barrier| {
        move || {
            for _ in 0..rounds {
                barrier.wait();
            }
        }
    });
    spawn_sleepers("thread", calls);
}
