//! Nothing stays behind: no thread that sleeps for ever, no value, no allocation.
//!
//! Nobody joins a thread here: the leak check waits for each to end, and names those that don't.

use gate::Gate;
use harness::leaks;
use harness::sync::real::Arc;
use harness::sync::real::time::{Clock, Duration};
use harness::testing::{spawn_detached, spawn_sleepers};

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
            assert!(gate.wait_timeout(&clock, hour), "an hour is not over");
        });
        spawn_opener(gate);
    });
}

#[test]
fn a_gate_keeps_nothing_of_its_time_outs() {
    // The gate outlives the check, which runs its closure several times and lets all threads of one round end
    // before the next: whatever the gate keeps of a waiter who has given up adds up.
    let gate = Arc::new(Gate::new());
    leaks::check(|| {
        let clock = Clock::real();
        spawn_waiters(&gate, move |gate| {
            let open = gate.wait_timeout(&clock, Duration::from_millis(1));
            assert!(!open, "nobody has opened the gate");
        });
    });
}

#[test]
fn an_open_gate_keeps_nothing_of_who_passes() {
    let gate = Arc::new(Gate::new());
    gate.open();
    leaks::check(|| {
        let clock = Clock::manual();
        gate.open();
        spawn_waiters(&gate, move |gate| {
            gate.wait();
            assert!(
                gate.wait_timeout(&clock, Duration::ZERO),
                "the gate is open"
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

/// Starts four threads that come to the gate, and lets them fall asleep. A gate that is right passes whether they do or
/// not; one that loses sleepers is found out by those who do.
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

/// Opens the gate on a thread of its own: an `open` that hangs is a thread that stays behind, too.
#[track_caller]
fn spawn_opener(gate: Arc<Gate>) {
    spawn_detached("opener", move || gate.open());
}
