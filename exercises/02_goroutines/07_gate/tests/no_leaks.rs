//! Nothing stays behind: no thread that sleeps for ever, no value, no allocation.
//!
//! No test joins a thread here: the leak check waits for each of them to end, and names those that do not.

use gate::Gate;
use harness::leaks;
use harness::sync::real::Arc;
use harness::sync::real::time::{Clock, Duration};
use harness::testing::{panic_of, spawn_detached, spawn_sleepers};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

#[test]
fn every_waiter_leaves() {
    // CL-03, CO-07
    leaks::check(|| {
        let gate = Arc::new(Gate::new());
        spawn_waiters(&gate, |gate| gate.wait());
        spawn_opener(gate);
    });
}

#[test]
fn every_waiter_who_has_a_time_out_leaves() {
    // CL-03, CO-07
    leaks::check(|| {
        let gate = Arc::new(Gate::new());
        let clock = Clock::real();
        spawn_waiters(&gate, move |gate| {
            let hour = Duration::from_secs(3600);
            assert!(
                gate.wait_timeout(&clock, hour),
                "`wait_timeout` returned false, but an hour has not passed"
            );
        });
        spawn_opener(gate);
    });
}

/// Four threads give up, one after the other or at the same time, and each takes itself out of the gate.
#[test]
fn a_gate_keeps_nothing_of_its_time_outs() {
    // The gate outlives the check, which runs its closure several times and lets all threads of one round
    // end before the next: anything that the gate keeps of a waiter that has given up adds up.
    let gate = Arc::new(Gate::new());
    leaks::check(|| {
        let clock = Clock::real();
        spawn_waiters(&gate, move |gate| {
            let open = gate.wait_timeout(&clock, Duration::from_millis(1));
            assert!(
                !open,
                "`wait_timeout` returned true, but the gate was never opened"
            );
        });
    });
}

/// A `wait_timeout` panics, because the clock cannot show the end of its timeout: it leaves nothing behind in the gate, so
/// it may not have entered itself there before.
#[test]
fn a_gate_keeps_nothing_of_an_end_beyond_the_clock() {
    // TM-07
    let gate = Gate::new();
    let clock = Clock::manual();
    clock.advance(Duration::from_secs(1));
    leaks::check(|| {
        let panic = panic_of(|| {
            gate.wait_timeout(&clock, Duration::MAX);
        });
        assert!(
            panic.is_some(),
            "the clock cannot show the end of the timeout, but `wait_timeout` returned"
        );
    });
}

/// A manual clock wakes its sleepers spuriously, each millisecond. A correct gate passes even if no thread sleeps for so
/// long; one that keeps something of each wakeup fails if they do.
#[test]
fn a_gate_keeps_nothing_of_spurious_wakeups() {
    // CO-11
    let gate = Arc::new(Gate::new());
    leaks::check(|| {
        let clock = Clock::manual();
        let second = Duration::from_secs(1);
        let back = Arc::new(AtomicUsize::new(0));
        let (theirs, come_back) = (clock.clone(), Arc::clone(&back));
        spawn_waiters(&gate, move |gate| {
            gate.wait_timeout(&theirs, second);
            come_back.fetch_add(1, Relaxed);
        });
        while back.load(Relaxed) < 4 {
            std::thread::sleep(Duration::from_millis(3));
            clock.advance(second);
        }
    });
}

#[test]
fn an_open_gate_keeps_nothing_of_who_passes() {
    let gate = Arc::new(Gate::new());
    gate.open();
    leaks::check(|| gate.open());
    // No opening again here: it might tidy up.
    leaks::check(|| {
        let clock = Clock::manual();
        spawn_waiters(&gate, move |gate| {
            gate.wait();
            assert!(
                gate.wait_timeout(&clock, Duration::ZERO),
                "`wait_timeout` returned false, but the gate is open"
            );
        });
    });
}

#[test]
fn what_a_waiter_owns_is_dropped_once() {
    leaks::check(|| {
        let gate = Arc::new(Gate::new());
        for n in 1..=3 {
            let gate = Arc::clone(&gate);
            let owned = leaks::track(n);
            spawn_detached(format!("waiter {n}"), move || {
                gate.wait();
                drop(owned);
            });
        }
        spawn_opener(gate);
    });
}

/// Starts four threads that come to the gate, and lets them fall asleep. A correct gate passes even if they
/// do not; one that loses sleepers fails if they do.
#[track_caller]
fn spawn_waiters(gate: &Arc<Gate>, come: impl Fn(&Gate) + Clone + Send + 'static) {
    let waiters = std::iter::repeat_n((gate, come), 4);
    spawn_sleepers(
        "waiter",
        waiters.map(|(gate, come)| {
            let gate = Arc::clone(gate);
            move || come(&gate)
        }),
    );
}

/// Opens the gate on a thread of its own: if `open` hangs, that thread stays behind, too.
#[track_caller]
fn spawn_opener(gate: Arc<Gate>) {
    spawn_detached("opener", move || gate.open());
}
