//! Every interleaving of a few small programs. IDs such as ON-02 name behaviours of Go's `sync.Once`.

use crate::Once;
use crate::sync::atomic::{AtomicU32, Ordering::Relaxed};
use crate::sync::thread;
use harness::testing::{Flag, Slot, must_sleep, spawn};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};

/// Catches a call that waits for itself: nobody else is there to wake it.
#[test]
fn one_thread_may_call_again_and_again() {
    // ON-01
    harness::model(|| {
        let once = Once::new();
        let runs = Count::zero("runs");
        for _ in 0..3 {
            once.call_once(|| runs.increment());
        }
        assert_eq!(runs.get(), 1, "the function ran");
    });
}

/// Catches the look that is too old: both threads find that nothing has been run, and both run theirs.
#[test]
fn one_of_two_functions_runs() {
    // ON-01, ON-05
    harness::model(|| {
        let once = Once::new();
        let mine = Count::zero("main_ran");
        let others = Count::zero("other_ran");
        thread::scope(|s| {
            spawn(s, "other", || once.call_once(|| others.increment()));
            once.call_once(|| mine.increment());
        });
        match (mine.get(), others.get()) {
            (1, 0) | (0, 1) => {}
            (0, 0) => panic!("neither function ran"),
            (1, 1) => panic!("both functions ran, and one should"),
            (mine, others) => panic!("main's function ran {mine}x and the other's {others}x"),
        }
    });
}

/// Catches a once that says "done" when the function has begun: one thread runs it, and the other returns in
/// the middle.
#[test]
fn nobody_returns_while_the_function_runs() {
    // ON-02, ON-06
    harness::model(|| {
        let once = Once::new();
        let ended = Flag::lowered("ended");
        let call = || {
            once.call_once(|| ended.raise());
            assert!(ended.is_raised(), "a call returned while the function ran");
        };
        thread::scope(|s| {
            spawn(s, "other", call);
            call();
        });
    });
}

/// Catches a wait that looks once and sleeps once: a sleeper is woken for no reason, and returns while the
/// function still runs.
#[test]
fn a_spurious_wakeup_does_not_end_the_wait() {
    // ON-02
    harness::Model::new().spurious_wakeups(1).check(|| {
        let once = Once::new();
        let begun = Flag::lowered("begun");
        let ended = Flag::lowered("ended");
        let call = || {
            // In the model another thread takes a step before a sleeper wakes up for no reason. This makes the
            // function's first line a step that it may be, so that its last one is still to come.
            begun.is_raised();
            once.call_once(|| {
                begun.raise();
                ended.raise();
            });
            assert!(ended.is_raised(), "a call returned while the function ran");
        };
        thread::scope(|s| {
            spawn(s, "other", call);
            call();
        });
    });
}

/// Catches one wake-up for two sleepers: main's function starts two callers and ends.
#[test]
fn everybody_who_waits_is_released() {
    // ON-02
    harness::model(|| {
        let once = Once::new();
        let call = || once.call_once(|| panic!("a second function runs"));
        thread::scope(|s| {
            once.call_once(|| {
                spawn(s, "caller 1", call);
                spawn(s, "caller 2", call);
            });
        });
    });
}

/// Catches a flag that orders nothing: the function writes plain memory, and each of the callers reads it,
/// whether it ran the function, waited for it or came when it had ended.
#[test]
fn what_the_function_wrote_is_there_after_every_call() {
    // ON-07
    harness::model(|| {
        let once = Once::new();
        let slot = Slot::empty("slot");
        let call = || {
            once.call_once(|| slot.write(7));
            assert_eq!(slot.read(), 7);
        };
        thread::scope(|s| {
            spawn(s, "other", call);
            call();
        });
    });
}

/// Catches a panic that leaves "running" behind, for which the other thread sleeps for ever; one that leaves
/// "not run" behind, so that the other thread runs its function too; and one that is handed to both.
#[test]
fn a_panic_releases_whoever_waits() {
    // ON-03
    harness::model(|| {
        let once = Once::new();
        let runs = Count::zero("runs");
        let call = || {
            panics(|| {
                once.call_once(|| {
                    runs.increment();
                    panic_any(EXPECTED);
                });
            })
        };
        let (mine, others) = thread::scope(|s| {
            let other = spawn(s, "other", call);
            (call(), other.join().expect("its panic is caught"))
        });
        let runs = runs.get();
        assert!(
            runs == 1,
            "the function panicked, which counts as run, and it ran {runs} times"
        );
        assert!(
            mine != others,
            "one call runs the function and panics, the other returns; but here {}",
            if mine { "both panic" } else { "both return" }
        );
    });
}

/// Catches a panic that takes another way out, on which nothing is ordered: what the function wrote before it
/// panicked is there for the other thread.
#[test]
fn what_the_function_wrote_before_its_panic_is_there() {
    // ON-03, ON-07
    harness::model(|| {
        let once = Once::new();
        let slot = Slot::empty("slot");
        let call = || {
            panics(|| {
                once.call_once(|| {
                    slot.write(7);
                    panic_any(EXPECTED);
                });
            });
            assert_eq!(slot.read(), 7);
        };
        thread::scope(|s| {
            spawn(s, "other", call);
            call();
        });
    });
}

/// Catches one lock for all onces: each of two functions calls the other thread's once, or finds it done.
#[test]
fn a_function_may_use_another_once() {
    harness::model(|| {
        let outer = crate::sync::naming("outer", Once::new);
        let inner = crate::sync::naming("inner", Once::new);
        let runs = Count::zero("runs");
        thread::scope(|s| {
            spawn(s, "other", || inner.call_once(|| runs.increment()));
            outer.call_once(|| inner.call_once(|| runs.increment()));
        });
        assert_eq!(runs.get(), 1, "the inner once's function ran");
    });
}

/// A program that must not end: the function waits for itself. Catches a call that returns although the
/// function has not ended, one that runs a second function inside the first, and one that spins.
#[test]
fn a_call_from_within_the_function_sleeps_for_ever() {
    // ON-04
    must_sleep("the inner call", "the function had not ended", || {
        let once = Once::new();
        once.call_once(|| once.call_once(|| panic!("a second function runs, inside the first")));
    });
}

/// What the functions of the models panic with.
const EXPECTED: &str = "the function fails";

/// Runs `call` and tells whether it panicked as it was meant to. Any other panic goes on.
fn panics(call: impl FnOnce()) -> bool {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(()) => false,
        Err(payload) if payload.downcast_ref() == Some(&EXPECTED) => true,
        Err(payload) => resume_unwind(payload),
    }
}

/// How often a function has run. It orders nothing.
struct Count(AtomicU32);

impl Count {
    fn zero(name: &str) -> Self {
        Self(AtomicU32::named(name, 0))
    }

    #[track_caller]
    fn increment(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    #[track_caller]
    fn get(&self) -> u32 {
        self.0.load(Relaxed)
    }
}
