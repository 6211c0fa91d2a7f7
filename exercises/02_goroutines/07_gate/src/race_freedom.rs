//! Every interleaving of a few small programs. IDs such as CL-03 name behaviours of Go's channels, CO-07 of its
//! `sync.Cond`, TM-10 of its timers.
//!
//! Time stands still here until a thread advances the clock. If a model needs a timeout to pass during a
//! `wait_timeout`, it explores only runs without preemption, in which a thread goes on until it sleeps,
//! yields or ends: `main` is asleep in its call before the other thread advances the clock.

use crate::Gate;
use crate::sync::thread;
use crate::sync::time::{Clock, Duration, Instant};
use harness::testing::{
    Flag, Slot, both, first_interleaving, let_others_sleep, must_sleep, must_sleep_again, spawn,
};

const SECOND: Duration = Duration::from_secs(1);

/// One that is no multiple of a coarser unit: it may not be rounded.
const EXACTLY: Duration = Duration::new(1, 1);

const SHUT: &str = "the gate had not been opened";

/// The gate is open: every wait that comes later passes, even one whose time has come. Catches a wait that sleeps
/// before it checks the gate, and one that checks the clock before the gate.
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
            "the timeout was zero, but the gate was open, so the answer must be true"
        );
        assert!(
            gate.wait_timeout(&clock, SECOND),
            "the gate was open, so the answer must be true"
        );
    });
}

/// A weak exchange may fail though the value is the expected one. Catches code that takes such a failure for a gate that
/// is open, or goes to sleep where the opener does not see it.
#[test]
fn an_exchange_that_fails_spuriously_is_tried_again() {
    harness::Model::new().spurious_failures(1).check(|| {
        let gate = Gate::new();
        thread::scope(|s| {
            spawn(s, "opener", || gate.open());
            gate.wait();
        });
        gate.wait();
    });
}

/// A program that must not end, because the gate is never opened. Catches a `wait` that returns, and one
/// that spins, even if it does so only while another one sleeps.
#[test]
fn wait_sleeps_while_the_gate_is_shut() {
    must_sleep("`wait`", SHUT, || {
        let gate = Gate::new();
        let wait = || {
            gate.wait();
            // Without this, a return would be a deadlock, too: the other one sleeps.
            panic!("`wait` returned, and the gate was shut");
        };
        thread::scope(|s| {
            spawn(s, "second", wait);
            wait();
        });
    });
}

/// A program that must not end, because the gate is never opened, and one nanosecond is not two. Catches a
/// `wait_timeout` that gives up too early, even with the longest timeout that there is, and one that spins, even if
/// it does so only while another one sleeps, or only for a short time.
#[test]
fn wait_timeout_sleeps_while_the_time_has_not_come() {
    // TM-07
    must_sleep("`wait_timeout`", SHUT, || {
        let clock = Clock::manual();
        let gate = Gate::new();
        let wait = |timeout| {
            gate.wait_timeout(&clock, timeout);
            // Without this, a return would be a deadlock, too: the other one sleeps.
            panic!("`wait_timeout` returned, and the gate was shut");
        };
        thread::scope(|s| {
            spawn(s, "most patient", || wait(Duration::MAX - SECOND));
            spawn(s, "timekeeper", || clock.advance(Duration::from_nanos(1)));
            wait(Duration::from_nanos(2));
        });
    });
}

/// Main waits while the other thread opens: it passes, whether it has come to the gate by then or not. Catches the
/// lost wakeup: main sees the gate shut, the opener opens it and notifies no thread, main falls asleep.
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

/// Main waits with a timeout while the other thread opens. Time stands still, so only the opener can wake main.
/// Catches the lost wakeup.
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
                "`wait_timeout` returned false, but no time had passed"
            );
        });
    });
}

/// Two threads wait when main opens the gate, without a timeout or both with one, and both pass, though no time passes.
/// Catches one notification for several sleepers.
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
    harness::model(|| {
        let gate = Gate::new();
        let clock = Clock::manual();
        let wait = || {
            gate.wait_timeout(&clock, SECOND);
        };
        thread::scope(|s| {
            spawn(s, "waiter 1", wait);
            spawn(s, "waiter 2", wait);
            gate.open();
        });
    });
}

/// Two threads wait, one of them with a timeout, which passes just when main opens the gate: the one that gives up takes
/// only itself out of the gate's account of its sleepers, and the other passes. Catches a wakeup that is meant for one
/// thread and taken by another.
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

/// Main gives up 255 times, and then sleeps until another thread opens the gate: it passes. Of a timeout nothing stays in
/// the gate, no count either, which for a byte would be 0 again when main sleeps.
///
/// The first interleaving is enough: a panic ends the exploration. Catches a count of the sleepers in a byte from which a
/// timeout does not take its own.
#[test]
fn time_outs_do_not_add_up() {
    // CO-08
    const SEEN: &str = "main passes after all timeouts";
    first_interleaving(SEEN, || {
        let clock = Clock::manual();
        let gate = Gate::new();
        let enough = Flag::lowered("enough");
        thread::scope(|s| {
            spawn(s, "timekeeper", || {
                while !enough.is_raised() {
                    clock.advance(SECOND);
                    thread::yield_now();
                }
            });
            for _ in 0..255 {
                gate.wait_timeout(&clock, SECOND);
            }
            enough.raise();
            spawn(s, "opener", || gate.open());
            gate.wait();
            panic!("{SEEN}");
        });
    });
}

/// Two threads open the gate at the same time, and it is open. Catches a second opening that undoes the first, and
/// one that takes the place of a notification still to come.
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

/// Two threads open the gate at the same time: for each of them it is open when its `open` has returned. Catches an
/// `open` that leaves the opening to another thread, which has not come to it yet, and a `wait_timeout` that takes
/// a gate for shut because another thread has the lock.
#[test]
fn the_gate_is_open_when_open_returns() {
    // CL-02
    harness::model(|| {
        let clock = Clock::manual();
        let gate = Gate::new();
        let open = || {
            gate.open();
            assert!(
                gate.wait_timeout(&clock, Duration::ZERO),
                "`open` had returned, but `wait_timeout` returned false"
            );
        };
        both(open, open);
    });
}

/// A thread that waits may wake up though nobody has woken it, here up to three times: it sleeps again while the gate is
/// shut, and the opening wakes it like any other. Catches `if` in place of `while`, once or several times.
#[test]
fn a_spurious_wakeup_does_not_open_the_gate() {
    // CO-03, CO-11
    harness::Model::new().spurious_wakeups(3).check(|| {
        let gate = Gate::new();
        let opening = Flag::lowered("opening");
        thread::scope(|s| {
            spawn(s, "opener", || {
                let_others_sleep(3);
                opening.raise();
                gate.open();
            });
            gate.wait();
            assert!(opening.is_raised(), "`wait` returned before `open`");
        });
    });
    must_sleep_again("`wait`", |steps| {
        let gate = Gate::new();
        let open = || {
            steps();
            gate.open();
        };
        both(|| gate.wait(), open);
    });
}

/// Main waits with a timeout and wakes up for no reason, up to three times: that says neither that the gate is open nor
/// that the time has come. Catches `if` in place of `while` in `wait_timeout`, once or several times.
#[test]
fn a_spurious_wakeup_is_no_time_out() {
    // CO-03, CO-11
    harness::Model::new().spurious_wakeups(3).check(|| {
        let clock = Clock::manual();
        let gate = Gate::new();
        let opening = Flag::lowered("opening");
        thread::scope(|s| {
            spawn(s, "opener", || {
                let_others_sleep(3);
                opening.raise();
                gate.open();
            });
            assert!(
                gate.wait_timeout(&clock, SECOND),
                "`wait_timeout` returned false, but no time had passed"
            );
            assert!(
                opening.is_raised(),
                "`wait_timeout` returned true, but the gate was shut"
            );
        });
    });
    must_sleep_again("`wait_timeout`", |steps| {
        let (clock, gate) = (Clock::manual(), Gate::new());
        let open = || {
            steps();
            gate.open();
        };
        both(|| gate.wait_timeout(&clock, SECOND), open);
    });
}

/// Main reads what the opener wrote before it opened, whether it slept or not. Catches an `open`, or a check of the
/// gate, that orders nothing.
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

/// The gate is opened twice, by two threads, and main passes: what the first of them did before is visible, whichever
/// opening main finds. A second store of the same value takes the place of the first, and brings only what its own
/// thread has done or seen.
///
/// The second opener learns of the first from a flag, which orders nothing. Catches a second opening that takes away what
/// the first one brought.
#[test]
fn opening_again_takes_nothing_away() {
    // CL-09
    harness::model(|| {
        let gate = Gate::new();
        let slot = Slot::empty("slot");
        let opened = Flag::lowered("opened");
        thread::scope(|s| {
            spawn(s, "opener", || {
                slot.write(7);
                gate.open();
                opened.raise();
            });
            spawn(s, "second", || {
                if opened.is_raised() {
                    gate.open();
                }
            });
            gate.wait();
            assert_eq!(slot.read(), 7);
        });
    });
}

/// If `wait_timeout` returns `true`, main reads what the opener wrote before it opened; on a timeout it does not
/// look. Catches a check of the gate in `wait_timeout` that orders nothing.
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

/// The gate stays shut, and the time comes: `wait_timeout` returns `false`. No thread is preempted in any run, so
/// main is asleep when the time passes. Catches a wait that the clock does not end, and one that does not report
/// it.
#[test]
fn the_time_out_ends_the_wait() {
    // TM-07
    harness::Model::new().preemption_bound(0).check(|| {
        let clock = Clock::manual();
        let gate = Gate::new();
        assert!(
            !gate.wait_timeout(&clock, Duration::ZERO),
            "`wait_timeout` returned true, but the gate was never opened"
        );
        thread::scope(|s| {
            spawn(s, "timekeeper", || clock.advance(EXACTLY));
            assert!(
                !gate.wait_timeout(&clock, EXACTLY),
                "`wait_timeout` returned true, but the gate was never opened"
            );
        });
    });
}

/// Main sleeps without a timeout, or with a longer one than another thread: the other's timeout passes, and it opens the gate.
/// No thread is preempted in any run, so both are in their calls when the second passes. Catches a thread that
/// holds up others while it sleeps, so that one with a timeout waits for a lock, and one that keeps the time for others and
/// goes by its own.
#[test]
fn a_sleeper_holds_up_nobodys_time_out() {
    // CO-08
    for patient in [None, Some(2 * SECOND)] {
        harness::Model::new().preemption_bound(0).check(move || {
            let clock = Clock::manual();
            let gate = Gate::new();
            thread::scope(|s| {
                spawn(s, "hasty", || {
                    spawn(s, "timekeeper", || clock.advance(SECOND));
                    gate.wait_timeout(&clock, SECOND);
                    gate.open();
                });
                let Some(timeout) = patient else {
                    return gate.wait();
                };
                assert!(
                    gate.wait_timeout(&clock, timeout),
                    "`wait_timeout` returned false after {SECOND:?}, but the timeout was {timeout:?}"
                );
            });
        });
    }
}

/// Main wakes up for no reason when a half and three quarters of its time have passed: the rest is enough. No
/// thread is preempted in any run, except where it yields. Catches a timeout that starts anew in each iteration of
/// the loop.
#[test]
fn a_wakeup_does_not_put_off_the_time_out() {
    // TM-10
    harness::Model::new()
        .preemption_bound(0)
        .spurious_wakeups(2)
        .check(|| {
            let clock = Clock::manual();
            let gate = Gate::new();
            thread::scope(|s| {
                spawn(s, "timekeeper", || {
                    clock.advance(SECOND / 2);
                    thread::yield_now();
                    clock.advance(SECOND / 4);
                    thread::yield_now();
                    clock.advance(SECOND / 4);
                });
                gate.wait_timeout(&clock, SECOND);
            });
        });
}

/// Main is asleep, and wakes up for no reason, up to twice, before its time has passed: what is left of it is enough, even if
/// some of it passes between two looks of main at the clock.
///
/// At most one preemption in each interleaving: if main is preempted before it sleeps, it goes on when the timekeeper yields.
/// Catches a rest of the time that is computed at each wakeup, from which the time between two looks is not taken.
#[test]
fn no_time_is_lost_between_two_looks_at_the_clock() {
    // TM-10
    harness::Model::new()
        .preemption_bound(1)
        .spurious_wakeups(2)
        .check(|| {
            let clock = Clock::manual();
            let gate = Gate::new();
            thread::scope(|s| {
                spawn(s, "timekeeper", || {
                    let_others_sleep(2);
                    clock.advance(SECOND / 2);
                    thread::yield_now();
                    clock.advance(SECOND / 4);
                    thread::yield_now();
                    clock.advance(SECOND / 4);
                });
                gate.wait_timeout(&clock, SECOND);
            });
        });
}

/// A second, a nanosecond and the opening, in every order: `false` requires that both have passed since the call,
/// and `true` requires that `open` has begun. Catches a wrong answer.
#[test]
fn the_answer_is_true_to_the_clock_and_the_gate() {
    // TM-01
    harness::Model::new().spurious_wakeups(1).check(|| {
        let clock = Clock::manual();
        let gate = Gate::new();
        let opening = Flag::lowered("opening");
        thread::scope(|s| {
            spawn(s, "other", || {
                clock.advance(SECOND);
                clock.advance(EXACTLY - SECOND);
                opening.raise();
                gate.open();
            });
            let begun: Instant = clock.now();
            if gate.wait_timeout(&clock, EXACTLY) {
                assert!(
                    opening.is_raised(),
                    "`wait_timeout` returned true, but the gate was shut"
                );
            } else {
                let waited = clock.now() - begun;
                assert!(
                    waited >= EXACTLY,
                    "`wait_timeout` returned false after {waited:?}, but the timeout was {EXACTLY:?}"
                );
            }
        });
    });
}

/// The gate is open when the time comes, and main, which called before both, goes on after both: the answer is
/// `true`. Catches a check of the clock that comes before the check of the gate.
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
                "`wait_timeout` returned false, but the gate was open before the second had passed"
            );
        });
    });
}

/// Another thread has passed the gate, so it is open, and only then the timeout passes: the answer is `true`. The clock
/// orders nothing, so a load that only the clock puts after the opening may be stale.
///
/// Main may not have been notified yet, because the opener may be between storing and notifying. Catches a timeout that
/// does not check the gate.
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
                "`wait_timeout` returned false, but another thread had passed the gate before the second had passed"
            );
        });
    });
}

/// Main comes back after its timeout, and waits for the gate to be opened. Catches a timeout that leaves something
/// behind, such as a place in a queue that is woken in vain, or a gate that counts as open.
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
