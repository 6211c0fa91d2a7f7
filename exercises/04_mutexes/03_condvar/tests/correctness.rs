//! What a condition variable does, on real threads. IDs such as CO-07 name behaviours of Go's `sync.Cond`.
//!
//! `src/race_freedom.rs` checks in every interleaving whether a wait sleeps and is woken.

use condvar::{Condvar, Mutex};
use harness::assert_bounds;
use harness::sync::real::thread;
use harness::sync::real::time::{Clock, Duration};
use harness::testing::{
    let_others_run, must_end, must_sleep_on_threads, staged_panic, staged_panic_of, while_unwinding,
};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Where a thread hangs, if a test does.
const IN_WAIT: &str = "a thread is still in `wait`";

/// Each of two threads waits for the other, and notifies it: with `notify_one` and with `notify_all`, with the lock and
/// without it. `each` runs what a thread does.
fn two_threads_take_turns(each: fn(&dyn Fn())) {
    must_end(IN_WAIT, move || {
        const ROUNDS: usize = 400;
        let (ball, served, clock) = (Mutex::new(0), Condvar::new(), Clock::real());
        let hour = clock.now() + Duration::from_secs(3600);
        let play = |mine: usize| {
            for round in 0..ROUNDS {
                let mut ball = ball.lock();
                while *ball % 2 != mine {
                    if round % 8 < 4 {
                        served.wait(&mut ball);
                    } else {
                        let is_over = served.wait_until(&mut ball, &clock, hour);
                        assert!(!is_over, "`wait_until` says that an hour is over");
                    }
                }
                *ball += 1;
                match round % 4 {
                    0 => served.notify_one(),
                    1 => served.notify_all(),
                    2 => {
                        drop(ball);
                        served.notify_one();
                    }
                    _ => {
                        drop(ball);
                        served.notify_all();
                    }
                }
            }
        };
        thread::scope(|s| {
            s.spawn(|| each(&|| play(1)));
            each(&|| play(0));
        });
        assert_eq!(ball.into_inner(), 2 * ROUNDS);
    });
}

/// Two threads wait for each other in turns, 400 times, and each notification ends the wait of the other.
#[test]
fn a_wait_ends_when_it_is_notified() {
    // CO-01
    two_threads_take_turns(|play| play());
}

/// Two threads wait and notify in destructors, while a panic unwinds them: all calls do what they do otherwise.
#[test]
fn a_panic_elsewhere_changes_nothing() {
    two_threads_take_turns(|play| while_unwinding(play));
}

/// 256 threads wait, more than a byte can count. One `notify_all` wakes all of them, and none passes before.
#[test]
fn notify_all_wakes_all_and_nobody_passed_before() {
    // CO-07: Go's TestCondBroadcast. The same two condition variables for all rounds.
    must_end(IN_WAIT, || {
        const THREADS: usize = 256;
        let gate = Mutex::new((0, false));
        let (arrived, opened) = (Condvar::new(), Condvar::new());
        for round in 1..=2 {
            let passed = AtomicUsize::new(0);
            let mut early = 0;
            *gate.lock() = (0, false);
            thread::scope(|s| {
                for _ in 0..THREADS {
                    s.spawn(|| {
                        let mut guard = gate.lock();
                        guard.0 += 1;
                        arrived.notify_one();
                        opened.wait_while(&mut guard, |gate| !gate.1);
                        passed.fetch_add(1, SeqCst);
                    });
                }
                let mut guard = gate.lock();
                arrived.wait_while(&mut guard, |gate| gate.0 < THREADS);
                early = passed.load(SeqCst);
                guard.1 = true;
                drop(guard);
                opened.notify_all();
            });
            assert!(
                early == 0,
                "round {round}: {early} threads passed before the gate was open"
            );
            assert_eq!(passed.into_inner(), THREADS, "round {round}");
        }
    });
}

#[test]
fn each_notify_one_wakes_another() {
    // CO-04: Go's TestCondSignal. The next is notified when the one before has gone.
    must_end(IN_WAIT, || {
        const THREADS: usize = 10;
        let state = Mutex::new((0, 0, 0));
        let (permitted, changed) = (Condvar::new(), Condvar::new());
        thread::scope(|s| {
            for _ in 0..THREADS {
                s.spawn(|| {
                    let mut guard = state.lock();
                    guard.0 += 1;
                    changed.notify_one();
                    permitted.wait_while(&mut guard, |state| state.1 == 0);
                    guard.1 -= 1;
                    guard.2 += 1;
                    changed.notify_one();
                });
            }
            let mut guard = state.lock();
            changed.wait_while(&mut guard, |state| state.0 < THREADS);
            for gone in 1..=THREADS {
                guard.1 += 1;
                permitted.notify_one();
                changed.wait_while(&mut guard, |state| state.2 < gone);
            }
        });
        assert_eq!(state.into_inner(), (THREADS, 0, THREADS));
    });
}

#[test]
fn wait_while_looks_first_and_has_the_lock() {
    must_end(IN_WAIT, || {
        let (mutex, condvar) = (Mutex::new(3), Condvar::new());
        let mut looks = 0;
        condvar.wait_while(&mut mutex.lock(), |value| {
            looks += 1;
            assert!(mutex.try_lock().is_none(), "the condition needs the lock");
            *value += 1;
            false
        });
        assert_eq!(
            looks, 1,
            "calls of a condition that was `false` at the first"
        );
        assert_eq!(mutex.into_inner(), 4);
    });
}

#[test]
fn wait_while_has_the_lock_whenever_it_looks() {
    must_end(IN_WAIT, || {
        let (mutex, condvar) = (Mutex::new(0), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| {
                for _ in 0..50 {
                    *mutex.lock() += 1;
                    condvar.notify_one();
                    let_others_run();
                }
            });
            let mut guard = mutex.lock();
            condvar.wait_while(&mut guard, |value| {
                assert!(mutex.try_lock().is_none(), "the condition needs the lock");
                *value < 50
            });
            assert!(mutex.try_lock().is_none(), "`wait_while` has returned");
            assert_eq!(*guard, 50);
        });
    });
}

#[test]
fn a_condition_that_panics_unlocks_and_leaves_nothing_behind() {
    must_end(IN_WAIT, || {
        let (mutex, condvar) = (Mutex::new(0), Condvar::new());
        for _ in 0..3 {
            let panics = staged_panic_of(|| {
                condvar.wait_while(&mut mutex.lock(), |_| staged_panic("condition"));
            });
            assert_eq!(panics, Some("condition"));
            assert!(mutex.try_lock().is_some(), "the guard is gone");
        }
        thread::scope(|s| {
            s.spawn(|| {
                *mutex.lock() = 1;
                condvar.notify_one();
            });
            condvar.wait_while(&mut mutex.lock(), |value| *value == 0);
        });
    });
}

/// Four threads wait, one after the other, two of them for an hour, and two while they unwind, and nobody notifies: each
/// sleeps.
#[test]
fn a_thread_that_waits_sleeps() {
    let shared = Arc::new((Mutex::new(()), Condvar::new()));
    type Call = (&'static str, fn(&Mutex<()>, &Condvar));
    let calls: [Call; 2] = [
        ("`wait_while`", |mutex, condvar| {
            condvar.wait_while(&mut mutex.lock(), |()| true);
        }),
        ("`wait_until`", |mutex, condvar| {
            // By a manual clock it would have to look again and again.
            let clock = Clock::real();
            let hour = clock.now() + Duration::from_secs(3600);
            let _over = condvar.wait_until(&mut mutex.lock(), &clock, hour);
        }),
    ];
    for (call, wait) in calls {
        let first = Arc::clone(&shared);
        must_sleep_on_threads(call, "nobody has notified", move || {
            wait(&first.0, &first.1);
        });
        let (second, call) = (
            Arc::clone(&shared),
            format!("{call}, while its thread unwinds,"),
        );
        must_sleep_on_threads(&call, "nobody has notified", move || {
            while_unwinding(|| wait(&second.0, &second.1));
        });
    }
}

#[test]
fn nothing_is_lost_between_producers_and_consumers() {
    // Two condition variables for one mutex, and `notify_one` for each change.
    must_end(IN_WAIT, || {
        const EACH: usize = 1_000;
        const ROOM: usize = 2;
        let queue = Mutex::new(VecDeque::new());
        let (filled, drained) = (Condvar::new(), Condvar::new());
        let sum = AtomicUsize::new(0);
        thread::scope(|s| {
            for _ in 0..3 {
                s.spawn(|| {
                    for n in 1..=EACH {
                        let mut queue = queue.lock();
                        drained.wait_while(&mut queue, |queue| queue.len() == ROOM);
                        queue.push_back(n);
                        drop(queue);
                        filled.notify_one();
                    }
                });
                s.spawn(|| {
                    for _ in 0..EACH {
                        let mut queue = queue.lock();
                        filled.wait_while(&mut queue, |queue| queue.is_empty());
                        sum.fetch_add(queue.pop_front().expect("it is not empty"), SeqCst);
                        drop(queue);
                        drained.notify_one();
                    }
                });
            }
        });
        assert_eq!(sum.into_inner(), 3 * EACH * (EACH + 1) / 2);
    });
}

#[test]
fn the_clock_ends_a_wait_and_not_too_soon() {
    must_end(IN_WAIT, || {
        let (mutex, condvar, clock) = (Mutex::new(()), Condvar::new(), Clock::real());
        let deadline = clock.now() + Duration::from_millis(3);
        while !condvar.wait_until(&mut mutex.lock(), &clock, deadline) {}
        assert!(clock.now() >= deadline, "the deadline was not reached");
        assert!(mutex.try_lock().is_some(), "the guard is gone");
    });
}

#[test]
fn any_value_will_do() {
    must_end(IN_WAIT, || {
        let condvar = Condvar::new();
        let slice: &Mutex<[u8]> = &Mutex::new([0, 1]);
        condvar.wait_while(&mut slice.lock(), |slice| slice[1] == 0);
        let unit = Mutex::new(());
        condvar.wait_while(&mut unit.lock(), |()| false);
    });
}

#[test]
fn it_is_small_and_may_be_shared() {
    let size = size_of_val(&Condvar::new());
    assert!(
        size <= 16,
        "a condition variable takes {size} bytes, but the docs promise at most 16"
    );
    assert_bounds!(Condvar: Send + Sync);
}
