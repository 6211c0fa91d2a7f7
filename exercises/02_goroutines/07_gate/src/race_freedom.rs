//! Every interleaving of a few small programs. IDs such as CL-03 name behaviours of Go's channels, CO-07 of its
//! `sync.Cond`, TM-10 of its timers.
//!
//! Time stands still here until a thread advances the clock. Where a model wants the time to come for a
//! `wait_timeout` that has begun, it explores only runs without preemption, in which a thread goes on until it
//! sleeps, yields or ends: `main` is asleep in its call before the other thread touches the clock.

use crate::Gate;
use crate::sync::thread;
use crate::sync::time::{Clock, Duration, Instant};
use harness::testing::{Flag, Slot, must_sleep, spawn};

const SECOND: Duration = Duration::from_secs(1);

const SHUT: &str = "nobody had opened the gate";

/// Catches a wait that sleeps first and looks afterwards, and one that asks the clock before the gate: late
/// comers pass.
#[test]
fn an_open_gate_stops_nobody() {
    // CL-02
    harness::model(|| {
        let clock = Clock::manual();
        let gate = Gate::new();
        gate.open();
        gate.wait();
        gate.wait();
        gate.open();
        assert!(
            gate.wait_timeout(&clock, Duration::ZERO),
            "no time to wait, but the gate was open"
        );
        assert!(
            gate.wait_timeout(&clock, SECOND),
            "the time stands still, and the gate was open"
        );
    });
}

/// A program that must not end, because nobody opens the gate. Catches a `wait` that returns, and one that
/// spins.
#[test]
fn wait_sleeps_while_the_gate_is_shut() {
    must_sleep("`wait`", SHUT, || Gate::new().wait());
}

/// A program that must not end, because nobody opens the gate, and half a second is not a second. Catches a
/// `wait_timeout` that gives up too soon, and one that spins.
#[test]
fn wait_timeout_sleeps_while_the_time_has_not_come() {
    must_sleep("`wait_timeout`", SHUT, || {
        let clock = Clock::manual();
        let gate = Gate::new();
        thread::scope(|s| {
            spawn(s, "timekeeper", || clock.advance(SECOND / 2));
            gate.wait_timeout(&clock, SECOND);
        });
    });
}

/// Catches the lost wakeup: main sees the gate shut, the opener opens it and notifies nobody, main falls asleep.
#[test]
fn open_wakes_the_waiter() {
    // CO-01
    harness::model(|| {
        let gate = Gate::new();
        thread::scope(|s| {
            spawn(s, "opener", || gate.open());
            gate.wait();
        });
    });
}

/// Catches the lost wakeup of a waiter who has a time-out: the time stands still, so main relies on the opener.
#[test]
fn open_wakes_a_waiter_who_has_a_time_out() {
    // CO-01
    harness::model(|| {
        let clock = Clock::manual();
        let gate = Gate::new();
        thread::scope(|s| {
            spawn(s, "opener", || gate.open());
            assert!(
                gate.wait_timeout(&clock, SECOND),
                "the time stood still, so this is no time-out"
            );
        });
    });
}

/// Catches one notification for several sleepers: both wait before main opens.
#[test]
fn every_waiter_wakes() {
    // CL-03, CO-07
    harness::model(|| {
        let gate = Gate::new();
        thread::scope(|s| {
            spawn(s, "waiter 1", || gate.wait());
            spawn(s, "waiter 2", || gate.wait());
            gate.open();
        });
    });
}

/// Catches a wakeup that is meant for one and taken by another: the first waiter's time comes just when main
/// opens, and the second still has to be woken.
#[test]
fn a_time_out_takes_nobody_elses_wakeup() {
    // CO-08
    harness::model(|| {
        let clock = Clock::manual();
        let gate = Gate::new();
        thread::scope(|s| {
            spawn(s, "hasty", || {
                gate.wait_timeout(&clock, SECOND);
            });
            spawn(s, "patient", || gate.wait());
            clock.advance(SECOND);
            gate.open();
        });
    });
}

/// Catches a second opening that undoes the first, and one that takes the place of a notification still to come.
#[test]
fn two_may_open_at_once() {
    harness::model(|| {
        let gate = Gate::new();
        thread::scope(|s| {
            spawn(s, "opener 1", || gate.open());
            spawn(s, "opener 2", || gate.open());
            gate.wait();
            gate.wait();
        });
    });
}

/// Catches `if` for `while`: main is woken for no reason, before the gate is open.
#[test]
fn a_spurious_wakeup_does_not_open_the_gate() {
    // CO-03, CO-11
    harness::Model::new().spurious_wakeups(1).check(|| {
        let gate = Gate::new();
        let opening = Flag::lowered("opening");
        thread::scope(|s| {
            spawn(s, "opener", || {
                opening.raise();
                gate.open();
            });
            gate.wait();
            assert!(opening.is_raised(), "`wait` returned before `open`");
        });
    });
}

/// Catches `if` for `while` in `wait_timeout`, where it goes wrong in two ways: main is woken for no reason and says
/// that the gate is open, or that the time has come.
#[test]
fn a_spurious_wakeup_is_no_time_out() {
    // CO-03, CO-11
    harness::Model::new().spurious_wakeups(1).check(|| {
        let clock = Clock::manual();
        let gate = Gate::new();
        let opening = Flag::lowered("opening");
        thread::scope(|s| {
            spawn(s, "opener", || {
                opening.raise();
                gate.open();
            });
            assert!(
                gate.wait_timeout(&clock, SECOND),
                "the time stood still, so this is no time-out"
            );
            assert!(
                opening.is_raised(),
                "`wait_timeout` says that the gate is open, and it was shut"
            );
        });
    });
}

/// Catches an `open`, or a look at the gate, that orders nothing: main reads what the opener wrote, and must not
/// read too soon, whether it slept or not.
#[test]
fn what_was_done_before_opening_is_visible_to_who_passes() {
    // CO-10, CO-15
    harness::model(|| {
        let gate = Gate::new();
        let slot = Slot::empty("slot");
        thread::scope(|s| {
            spawn(s, "opener", || {
                slot.write(7);
                gate.open();
            });
            gate.wait();
            assert_eq!(slot.read(), 7);
        });
    });
}

/// Catches a look at the gate that orders nothing, in `wait_timeout`: where the answer is `true`, main reads what the
/// opener wrote. Where the time came first it keeps off.
#[test]
fn what_was_done_before_opening_is_visible_to_who_was_in_time() {
    // CO-10, CO-15
    harness::model(|| {
        let clock = Clock::manual();
        let gate = Gate::new();
        let slot = Slot::empty("slot");
        thread::scope(|s| {
            spawn(s, "opener", || {
                slot.write(7);
                gate.open();
            });
            spawn(s, "timekeeper", || clock.advance(SECOND));
            if gate.wait_timeout(&clock, SECOND) {
                assert_eq!(slot.read(), 7);
            }
        });
    });
}

/// Catches a wait that the clock does not end, and one that forgets to say so. In no run is a thread preempted, so
/// main sleeps when the second passes.
#[test]
fn the_time_out_ends_the_wait() {
    // TM-07
    harness::Model::new().preemption_bound(0).check(|| {
        let clock = Clock::manual();
        let gate = Gate::new();
        assert!(
            !gate.wait_timeout(&clock, Duration::ZERO),
            "nobody has opened the gate, and there was no time to wait"
        );
        thread::scope(|s| {
            spawn(s, "timekeeper", || clock.advance(SECOND));
            assert!(
                !gate.wait_timeout(&clock, SECOND),
                "`wait_timeout` says that the gate is open, and nobody opened it"
            );
        });
    });
}

/// Catches a time-out that is made anew in each turn of the loop: main is woken for no reason when half of it is
/// over, and the other half is still enough. In no run is a thread preempted, but where it yields.
#[test]
fn a_wakeup_does_not_put_off_the_time_out() {
    // TM-10
    harness::Model::new()
        .preemption_bound(0)
        .spurious_wakeups(1)
        .check(|| {
            let clock = Clock::manual();
            let gate = Gate::new();
            thread::scope(|s| {
                spawn(s, "timekeeper", || {
                    clock.advance(SECOND / 2);
                    thread::yield_now();
                    clock.advance(SECOND / 2);
                });
                gate.wait_timeout(&clock, SECOND);
            });
        });
}

/// Catches an answer that is made up, in every order of half a second, another half, and the opening: `false`
/// wants a second that has passed since the call, `true` an `open` that has begun.
#[test]
fn the_answer_is_true_to_the_clock_and_the_gate() {
    // TM-01
    harness::Model::new().spurious_wakeups(1).check(|| {
        let clock = Clock::manual();
        let gate = Gate::new();
        let opening = Flag::lowered("opening");
        thread::scope(|s| {
            spawn(s, "other", || {
                clock.advance(SECOND / 2);
                clock.advance(SECOND / 2);
                opening.raise();
                gate.open();
            });
            let begun: Instant = clock.now();
            if gate.wait_timeout(&clock, SECOND) {
                assert!(
                    opening.is_raised(),
                    "`wait_timeout` says that the gate is open, and it was shut"
                );
            } else {
                let waited = clock.now() - begun;
                assert!(
                    waited >= SECOND,
                    "`wait_timeout` gave up after {waited:?} of a second"
                );
            }
        });
    });
}

/// Catches a look at the clock that comes before the look at the gate: the gate is open when the time comes, and
/// main, which was asked to wait before both, gets round to it after both.
#[test]
fn a_gate_that_opened_before_the_time_came_wins() {
    harness::model(|| {
        let clock = Clock::manual();
        let gate = Gate::new();
        thread::scope(|s| {
            spawn(s, "other", || {
                gate.open();
                clock.advance(SECOND);
            });
            assert!(
                gate.wait_timeout(&clock, SECOND),
                "the gate was open before the second had passed"
            );
        });
    });
}

/// Catches a time-out that forgets the gate. Somebody has passed it, so it is open, and only then the time
/// comes, but main need not have heard: the opener may be between storing and notifying.
#[test]
fn a_gate_that_somebody_has_passed_is_open_for_who_is_timed_out() {
    harness::model(|| {
        let clock = Clock::manual();
        let gate = Gate::new();
        thread::scope(|s| {
            spawn(s, "opener", || gate.open());
            spawn(s, "other", || {
                gate.wait();
                clock.advance(SECOND);
            });
            assert!(
                gate.wait_timeout(&clock, SECOND),
                "somebody had passed the gate before the second had passed"
            );
        });
    });
}

/// Catches a time-out that leaves something behind, such as a place in a queue that is woken in vain, or a gate
/// that counts as opened: main comes back after it.
#[test]
fn a_time_out_leaves_the_gate_as_it_was() {
    harness::model(|| {
        let clock = Clock::manual();
        let gate = Gate::new();
        let opening = Flag::lowered("opening");
        thread::scope(|s| {
            spawn(s, "other", || {
                clock.advance(SECOND);
                opening.raise();
                gate.open();
            });
            gate.wait_timeout(&clock, SECOND);
            gate.wait();
            assert!(opening.is_raised(), "`wait` returned before `open`");
        });
    });
}
