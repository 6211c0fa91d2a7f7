//! Nothing stays behind: no thread that sleeps for ever, no value, no allocation.
//!
//! No test joins a thread here: the leak check waits for each of them to end, and names those that do not.

use condvar::{Condvar, Mutex};
use harness::leaks::{self, track};
use harness::sync::real::Arc;
use harness::testing::{spawn_sleepers, staged_panic, staged_panic_of};
use std::mem::ManuallyDrop;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

#[test]
fn everybody_who_waits_leaves() {
    // CO-07
    leaks::check(|| {
        let gate = Arc::new((Mutex::new(false), Condvar::new()));
        spawn_waiters(&gate);
        *gate.0.lock() = true;
        gate.1.notify_all();
    });
}

#[test]
fn everybody_leaves_if_each_notifies_the_next() {
    // CO-04
    leaks::check(|| {
        let gate = Arc::new((Mutex::new(false), Condvar::new()));
        let gates = std::iter::repeat_n(&gate, 4).cloned();
        let pass = gates.map(|gate| {
            move || {
                gate.1.wait_while(&mut gate.0.lock(), |open| !*open);
                gate.1.notify_one();
            }
        });
        spawn_sleepers("waiter", pass);
        *gate.0.lock() = true;
        gate.1.notify_one();
    });
}

/// A condition variable keeps nothing of waits and notifications that are over. It outlives the check, which runs
/// its closure several times, so anything that it keeps of one adds up.
#[test]
fn nothing_is_kept_of_waits_and_notifications() {
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    leaks::check(|| {
        *gate.0.lock() = false;
        gate.1.notify_one();
        spawn_waiters(&gate);
        *gate.0.lock() = true;
        gate.1.notify_all();
        let panics = staged_panic_of(|| {
            gate.1
                .wait_while(&mut gate.0.lock(), |_| staged_panic("condition"));
        });
        assert_eq!(panics, Some("condition"));
    });
}

/// A condition variable that is never dropped leaks what it owns: nothing, if it is all in itself.
#[test]
fn a_condition_variable_owns_no_memory_elsewhere() {
    leaks::check(|| {
        let condvar = ManuallyDrop::new(Condvar::new());
        condvar.notify_all();
    });
}

#[test]
fn what_a_condition_captures_is_dropped_once() {
    leaks::check(|| {
        let (mutex, condvar) = (Mutex::new(track(1)), Condvar::new());
        let captured = track(2);
        condvar.wait_while(&mut mutex.lock(), move |_| captured != 2);
    });
}

/// Starts four threads that wait until the gate is open, and lets them fall asleep. A correct condition
/// variable passes even if they do not; one that loses sleepers fails if they do.
#[track_caller]
fn spawn_waiters(gate: &Arc<(Mutex<bool>, Condvar)>) {
    let gates = std::iter::repeat_n(gate, 4).cloned();
    let pass = |gate: Arc<(Mutex<bool>, Condvar)>| {
        move || gate.1.wait_while(&mut gate.0.lock(), |open| !*open)
    };
    spawn_sleepers("waiter", gates.map(pass));
}
