//! What a once does, on real threads. IDs such as ON-03 name behaviours of Go's `sync.Once`.
//!
//! `src/race_freedom.rs` checks in every interleaving whether a call waits and is released.

use harness::sync::real::thread;
use harness::testing::{
    assert_passes_on, let_others_run, must_end, must_sleep_on_threads, payload_of, staged_panic,
    staged_panic_of, unwinding_if, wait_until, while_unwinding,
};
use once::Once;
use std::cell::Cell;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Barrier};

/// Where a thread hangs, if a test does.
const IN_CALL: &str = "a thread is still in `call_once`";

/// The first call runs its function, and later calls run nothing.
#[test]
fn the_first_call_runs_its_function_and_no_other_does() {
    // ON-01, ON-05
    must_end(IN_CALL, || {
        let once = Once::new();
        let ran = Cell::new("nothing");
        once.call_once(|| ran.set("the first function"));
        assert_eq!(ran.get(), "the first function");
        once.call_once(|| ran.set("the second function"));
        once.call_once(|| ran.set("the third function"));
        assert_eq!(
            ran.get(),
            "the first function",
            "the function that ran last"
        );
    });
}

/// However many calls come, only the first runs its function. Catches calls that are counted in eight or
/// sixteen bits: a count that wraps around makes a later call the first.
#[test]
fn after_any_number_of_calls_no_function_runs() {
    // ON-01
    must_end(IN_CALL, || {
        let once = Once::new();
        let ran = Cell::new(0);
        for call in 0..=65_536 {
            once.call_once(|| {
                assert_eq!(call, 0, "the call whose function ran, the first being 0");
                ran.set(ran.get() + 1);
            });
        }
        assert_eq!(ran.get(), 1, "functions that ran");
    });
}

/// The first call is made in a destructor while its thread unwinds: its function runs, and has not panicked.
/// Catches `thread::panicking()` taken for "my function has panicked".
#[test]
fn a_call_while_its_thread_unwinds_is_a_call() {
    // ON-01, ON-02
    must_end(
        "the call after one in a destructor has not returned",
        || {
            let once = Once::new();
            let ran = Cell::new(false);
            while_unwinding(|| once.call_once(|| ran.set(true)));
            assert!(ran.get(), "the first call's function did not run");
            once.call_once(|| panic!("the second call's function ran"));
        },
    );
}

#[test]
fn the_function_runs_in_the_thread_of_its_call() {
    must_end(IN_CALL, || {
        let once = Once::new();
        let me = thread::current().id();
        let ran_in = Cell::new(None);
        once.call_once(|| ran_in.set(Some(thread::current().id())));
        assert_eq!(ran_in.get(), Some(me));
    });
}

/// Each once runs its own function, even within the function of another: they share no state.
#[test]
fn every_once_runs_its_own() {
    must_end(IN_CALL, || {
        let (first, second) = (Once::new(), Once::new());
        let runs = Cell::new(0);
        let increment = || runs.set(runs.get() + 1);
        first.call_once(|| second.call_once(increment));
        assert_eq!(
            runs.get(),
            1,
            "how often the second once ran its function, called within that of the first"
        );
        Once::new().call_once(increment);
        assert_eq!(
            runs.get(),
            2,
            "how often a function ran, after the first call on a third once"
        );
        first.call_once(increment);
        second.call_once(increment);
        assert_eq!(
            runs.get(),
            2,
            "how often a function ran, after a second call on the first once and on the second"
        );
    });
}

/// The call that runs the function panics as it does, with its payload: no other, and no copy.
#[test]
fn a_panic_reaches_the_call_that_ran_the_function() {
    // ON-03
    #[derive(PartialEq)]
    struct Reason(u32);

    must_end(IN_CALL, || {
        let once = Once::new();
        let payload = payload_of(|| once.call_once(|| resume_unwind(Box::new(Reason(7)))));
        let payload = payload.expect("the function panicked, but the call that ran it returned");
        assert!(
            payload.downcast_ref() == Some(&Reason(7)),
            "the function panicked with a `Reason`, and its call with something else: pass on the payload itself"
        );
        assert_passes_on(|raise| Once::new().call_once(|| raise()));
    });
}

/// A function that panicked has been run: later calls return, and run nothing.
#[test]
fn a_function_that_panicked_has_been_run() {
    // ON-03
    must_end(IN_CALL, || {
        let once = Once::new();
        assert!(panics(|| once.call_once(|| staged_panic("the function's"))));
        for call in 2..=3 {
            let ran = Cell::new(false);
            let panicked = panics(|| once.call_once(|| ran.set(true)));
            assert!(!ran.get(), "call {call}: a function ran after the panic");
            assert!(!panicked, "call {call} panicked, but it should return");
        }
    });
}

/// Eight threads call at once: one function runs, and no call returns before it has ended.
#[test]
fn of_many_calls_at_once_one_runs_its_function_and_all_see_it() {
    // ON-01, ON-02, ON-07
    must_end(IN_CALL, || {
        const THREADS: usize = 8;
        for round in 1..=100 {
            let once = called_elsewhere();
            let start = Barrier::new(THREADS);
            let runs = AtomicUsize::new(0);
            let early = AtomicUsize::new(0);
            thread::scope(|s| {
                for _ in 0..THREADS {
                    s.spawn(|| {
                        start.wait();
                        once.call_once(|| {
                            thread::yield_now();
                            runs.fetch_add(1, Relaxed);
                        });
                        if runs.load(Relaxed) == 0 {
                            early.fetch_add(1, Relaxed);
                        }
                    });
                }
            });
            let early = early.into_inner();
            assert!(
                early == 0,
                "round {round}: {early} calls returned before the function had ended"
            );
            assert_eq!(runs.into_inner(), 1, "round {round}: functions that ran");
        }
    });
}

/// The function waits for 256 callers: none returns while it runs, and all return when it has ended.
#[test]
fn nobody_returns_before_the_function_has_ended_and_then_all_do() {
    // ON-02
    must_end(IN_CALL, || {
        // So many also catch a count of the sleepers that wraps around.
        const CALLERS: usize = 256;
        let once = called_elsewhere();
        let [coming, ran, returned] = [const { AtomicUsize::new(0) }; 3];
        let mut early = 0;
        thread::scope(|s| {
            once.call_once(|| {
                for _ in 0..CALLERS {
                    s.spawn(|| {
                        coming.fetch_add(1, SeqCst);
                        once.call_once(|| {
                            ran.fetch_add(1, SeqCst);
                        });
                        returned.fetch_add(1, SeqCst);
                    });
                }
                wait_until("not all have come", || coming.load(SeqCst) == CALLERS);
                // Gives the calls a chance to return too early. A correct once passes however long this
                // takes.
                let_others_run();
                early = returned.load(SeqCst);
            });
        });
        let ran = ran.into_inner();
        assert!(
            ran == 0,
            "{CALLERS} calls came while the first function ran, and of their own functions {ran} ran as well"
        );
        assert!(early == 0, "{early} calls returned while the function ran");
        assert_eq!(returned.into_inner(), CALLERS);
    });
}

/// The function runs, and two calls come one after the other, the second while its thread unwinds: each sleeps.
#[test]
fn a_call_that_waits_sleeps() {
    // ON-02
    let once = Arc::new(called_elsewhere());
    once.call_once(|| {
        for (call, unwinds) in [
            ("a call", false),
            ("a call in a destructor, while its thread unwinds,", true),
        ] {
            let once = Arc::clone(&once);
            must_sleep_on_threads(call, "the function had not ended", move || {
                unwinding_if(unwinds, || once.call_once(|| {}))
            });
        }
    });
}

/// Eight threads call at once, and the function panics: its own call panics, and the seven others return.
#[test]
fn a_panic_in_front_of_many_is_one_panic() {
    // ON-03: the other calls wait for the function, and return.
    must_end(IN_CALL, || {
        const THREADS: usize = 8;
        for round in 1..=100 {
            let once = called_elsewhere();
            let start = Barrier::new(THREADS);
            let (runs, panicked) = (AtomicUsize::new(0), AtomicUsize::new(0));
            thread::scope(|s| {
                for _ in 0..THREADS {
                    s.spawn(|| {
                        start.wait();
                        let call = || {
                            once.call_once(|| {
                                runs.fetch_add(1, Relaxed);
                                thread::yield_now();
                                staged_panic("the function's");
                            });
                        };
                        if panics(call) {
                            panicked.fetch_add(1, Relaxed);
                        }
                    });
                }
            });
            assert_eq!(runs.into_inner(), 1, "round {round}: functions that ran");
            assert_eq!(
                panicked.into_inner(),
                1,
                "round {round}: calls that panicked: the one that ran the function, and no other"
            );
        }
    });
}

#[test]
fn a_once_may_be_shared_in_an_arc() {
    must_end(IN_CALL, || {
        let once = Arc::new(Once::new());
        let ran = Arc::new(AtomicBool::new(false));
        let theirs = (Arc::clone(&once), Arc::clone(&ran));
        let other = thread::spawn(move || theirs.0.call_once(|| theirs.1.store(true, Relaxed)));
        other.join().expect("the call does not panic");
        once.call_once(|| panic!("a function ran after another thread had run its own"));
        assert!(ran.load(Relaxed));
    });
}

/// Makes a new once. An unwritten stub fails here, and not in a thread that others wait for.
fn called_elsewhere() -> Once {
    Once::new().call_once(|| {});
    Once::new()
}

/// Returns whether `call` panics as its function does. The panic of a `todo!` or an assertion continues.
fn panics(call: impl FnOnce()) -> bool {
    staged_panic_of(call).is_some()
}
