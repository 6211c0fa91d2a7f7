//! What a gate does, on real threads. IDs such as CL-03 name behaviours of Go's channels, TM-01 of its timers.
//!
//! `src/race_freedom.rs` checks in every interleaving whether a wait sleeps and is woken.

use gate::Gate;
use harness::sync::real::thread;
use harness::sync::real::time::{Clock, Duration};
use harness::testing::{
    let_others_run, must_end, must_sleep_on_threads, panic_of, wait_until, while_unwinding,
};
use std::panic::{catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, mpsc};

/// Where a thread hangs, if a test does.
const IN_WAIT: &str = "a thread is still in `wait` or `wait_timeout`, or waits for a lock";

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn an_open_gate_stops_nobody() {
    // CL-02
    must_end(IN_WAIT, || {
        let gate = Gate::new();
        gate.open();
        for _ in 0..3 {
            gate.wait();
            for clock in [Clock::real(), Clock::manual()] {
                for timeout in [Duration::ZERO, HOUR] {
                    assert!(
                        gate.wait_timeout(&clock, timeout),
                        "the gate is open, but a wait with a timeout of {timeout:?} returned false"
                    );
                }
            }
        }
    });
}

/// A destructor runs because its thread panics: it waits at a gate until that is open, and opens it, as any other code does.
#[test]
fn a_panicking_thread_may_wait_and_open() {
    must_end(IN_WAIT, || {
        let gate = shut_gate();
        let clock = Clock::manual();
        let timed_out = || !while_unwinding(|| gate.wait_timeout(&clock, Duration::ZERO));
        assert!(
            timed_out(),
            "the gate is shut, but `wait_timeout` returned true"
        );
        let passed = AtomicUsize::new(0);
        let early = thread::scope(|s| {
            s.spawn(|| {
                while_unwinding(|| gate.wait());
                passed.fetch_add(1, SeqCst);
            });
            s.spawn(|| {
                let open = while_unwinding(|| gate.wait_timeout(&clock, HOUR));
                assert!(
                    open,
                    "no time has passed, but `wait_timeout` returned false"
                );
                passed.fetch_add(1, SeqCst);
            });
            let_others_run();
            let early = passed.load(SeqCst);
            while_unwinding(|| gate.open());
            early
        });
        assert!(
            early == 0,
            "{early} of 2 waits in a destructor of a panicking thread returned, but the gate was shut"
        );
        gate.wait();
    });
}

#[test]
fn an_open_gate_may_be_opened() {
    // CL-09: here Go panics.
    must_end(IN_WAIT, || {
        let gate = Gate::new();
        for _ in 0..300 {
            gate.open();
            gate.wait();
        }
    });
}

#[test]
fn no_time_is_over_at_once() {
    // TM-07
    must_end(IN_WAIT, || {
        let gate = Gate::new();
        for clock in [Clock::real(), Clock::manual()] {
            for _ in 0..300 {
                assert!(
                    !gate.wait_timeout(&clock, Duration::ZERO),
                    "the gate is shut, but `wait_timeout` returned true"
                );
            }
        }
        gate.open();
        gate.wait();
    });
}

/// The gate is shut, and the clock cannot show the end of the timeout, be it the longest that there is or one a little
/// shorter: `wait_timeout` panics, and leaves the gate as it was.
#[test]
fn an_end_beyond_the_clock_panics() {
    // TM-07
    const ENDLESS: &str = "`wait_timeout` should panic, because the clock cannot show the end of the timeout, but it \
                           is still waiting";
    let gate = Arc::new(Gate::new());
    let theirs = Arc::clone(&gate);
    must_end(ENDLESS, move || {
        let (gate, clock) = (theirs, Clock::manual());
        clock.advance(HOUR);
        for timeout in [Duration::MAX - HOUR / 2, Duration::MAX] {
            let panic = panic_of(|| {
                gate.wait_timeout(&clock, timeout);
            });
            assert!(
                panic.is_some(),
                "the gate is shut, and the clock cannot show the end of a timeout of {timeout:?}, but `wait_timeout` returned"
            );
        }
        assert!(
            !gate.wait_timeout(&clock, Duration::ZERO),
            "a wait that panics must not open the gate"
        );
    });
    const AFTERWARDS: &str = "a `wait_timeout` that panicked leaves the gate as it was, but now `open` or `wait` does not return";
    must_end(AFTERWARDS, move || {
        gate.open();
        gate.wait();
    });
}

#[test]
fn the_clock_of_the_machine_ends_the_wait_and_not_too_soon() {
    // TM-01
    must_end(IN_WAIT, || {
        let gate = Gate::new();
        let clock = Clock::real();
        for timeout in [1, 5, 20].map(Duration::from_millis) {
            let begun = clock.now();
            assert!(
                !gate.wait_timeout(&clock, timeout),
                "the gate is shut, but `wait_timeout` returned true"
            );
            let waited = clock.now() - begun;
            assert!(
                waited >= timeout,
                "a timeout of {timeout:?} had already passed after {waited:?}"
            );
        }
    });
}

#[test]
fn a_manual_clock_ends_the_wait_and_not_too_soon() {
    // TM-01
    must_end(IN_WAIT, || {
        let gate = Arc::new(Gate::new());
        let clock = Clock::manual();
        let (answer, answered) = mpsc::channel();
        let theirs = (Arc::clone(&gate), clock.clone());
        thread::spawn(move || {
            let (gate, clock) = theirs;
            let begun = clock.now();
            let open = gate.wait_timeout(&clock, HOUR);
            let _ = answer.send((open, clock.now() - begun));
        });
        // The timeout starts with the call, and no other thread can see when the call has begun. So the
        // clock is advanced until the answer is there.
        let (open, waited) = loop {
            clock.advance(HOUR / 2);
            match answered.try_recv() {
                Ok(answer) => break answer,
                Err(mpsc::TryRecvError::Empty) => thread::yield_now(),
                Err(mpsc::TryRecvError::Disconnected) => panic!("`wait_timeout` panicked"),
            }
        };
        assert!(!open, "the gate is shut, but `wait_timeout` returned true");
        assert!(
            waited >= HOUR,
            "a timeout of an hour had already passed after {waited:?}"
        );
    });
}

#[test]
fn every_gate_opens_by_itself() {
    // Catches state that all gates share.
    must_end(IN_WAIT, || {
        let (open, shut) = (Gate::new(), Gate::new());
        open.open();
        open.wait();
        let clock = Clock::manual();
        for gate in [&shut, &Gate::new()] {
            assert!(
                !gate.wait_timeout(&clock, Duration::ZERO),
                "only another gate is open, but `wait_timeout` on this one returned true"
            );
        }
        shut.open();
        shut.wait();
    });
}

/// Eight threads come to a shut gate, and 256 in the last round, half of them with a timeout of an hour: none passes
/// before it opens, and then all do. Catches a count of the sleepers in one byte, which is zero again when 256 sleep.
#[test]
fn nobody_passes_before_it_opens_and_then_all_do() {
    // CL-03, CO-07
    must_end(IN_WAIT, || {
        for round in 1..=20 {
            let waiters = if round < 20 { 8 } else { 256 };
            let gate = shut_gate();
            let clock = Clock::real();
            let (coming, passed) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let mut early = 0;
            thread::scope(|s| {
                for n in 0..waiters {
                    let (gate, clock) = (&gate, &clock);
                    let (coming, passed) = (&coming, &passed);
                    s.spawn(move || {
                        coming.fetch_add(1, SeqCst);
                        if n % 2 == 0 {
                            gate.wait();
                            passed.fetch_add(1, SeqCst);
                        } else if gate.wait_timeout(clock, HOUR) {
                            passed.fetch_add(1, SeqCst);
                        }
                    });
                }
                wait_until("not all have come", || coming.load(SeqCst) == waiters);
                // Gives the threads a chance to pass too early. A correct gate passes however long this
                // takes.
                let_others_run();
                early = passed.load(SeqCst);
                gate.open();
                // Late threads.
                gate.wait();
                s.spawn(|| gate.wait());
            });
            assert!(
                early == 0,
                "round {round}: {early} of {waiters} passed before the gate was open"
            );
            let passed = passed.into_inner();
            assert!(
                passed == waiters,
                "round {round}: {} of {waiters} timed out, but an hour has not passed",
                waiters - passed
            );
        }
    });
}

#[test]
fn what_was_done_before_opening_is_there_for_all() {
    // CO-10, CO-15
    must_end(IN_WAIT, || {
        for round in 1..=50 {
            let gate = shut_gate();
            let work = AtomicUsize::new(0);
            let seen = AtomicUsize::new(0);
            thread::scope(|s| {
                for _ in 0..4 {
                    s.spawn(|| {
                        gate.wait();
                        seen.fetch_add(work.load(Relaxed), Relaxed);
                    });
                }
                work.store(1, Relaxed);
                gate.open();
            });
            let seen = seen.into_inner();
            assert!(
                seen == 4,
                "round {round}: {} of 4 passed without seeing what was done before `open`",
                4 - seen
            );
        }
    });
}

#[test]
fn time_outs_of_some_are_not_those_of_others() {
    // Half of them give up soon, again and again, while the others wait for the opening.
    must_end(IN_WAIT, || {
        let gate = shut_gate();
        let clock = Clock::real();
        let given_up = AtomicUsize::new(0);
        thread::scope(|s| {
            for _ in 0..3 {
                s.spawn(|| {
                    while !gate.wait_timeout(&clock, Duration::from_micros(50)) {
                        given_up.fetch_add(1, Relaxed);
                    }
                });
                s.spawn(|| gate.wait());
                s.spawn(|| {
                    assert!(
                        gate.wait_timeout(&clock, HOUR),
                        "`wait_timeout` returned false, but an hour has not passed"
                    )
                });
            }
            // A panic would not be seen before all threads have ended.
            let all = catch_unwind(|| {
                wait_until("a timeout of 50 µs has not ended its wait", || {
                    given_up.load(Relaxed) >= 30
                });
            });
            gate.open();
            if let Err(panic) = all {
                resume_unwind(panic);
            }
        });
    });
}

/// Four threads have come to a shut gate, one after the other, and two of them leave it after an hour: each sleeps.
#[test]
fn a_thread_that_waits_sleeps() {
    let gate = Arc::new(shut_gate());
    for _ in 0..2 {
        let gate = Arc::clone(&gate);
        must_sleep_on_threads("`wait`", "the gate was shut", {
            let gate = Arc::clone(&gate);
            move || gate.wait()
        });
        must_sleep_on_threads("`wait_timeout`", "the gate was shut", move || {
            // By a manual clock it would have to look again and again.
            let _open = gate.wait_timeout(&Clock::real(), HOUR);
        });
    }
    gate.open();
}

/// Makes a new gate, after another gate has been through everything that a gate does. An unwritten stub
/// fails here, and not in a thread that others wait for.
fn shut_gate() -> Gate {
    let other = Gate::new();
    let _open = other.wait_timeout(&Clock::manual(), Duration::ZERO);
    other.open();
    other.wait();
    Gate::new()
}
