//! Every interleaving of a few small programs. IDs such as ON-02 name behaviours of Go's `sync.Once`.

use crate::Once;
use crate::sync::atomic::{AtomicU32, Ordering::Relaxed};
use crate::sync::thread;
use harness::testing::{
    Flag, Slot, has_only_loaded_once, let_others_sleep, message_of, must_sleep, must_sleep_again,
    spawn,
};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};

/// One thread calls three times: the first call runs its function, and the others return at once. Catches a
/// call that waits for itself: no other thread is there to wake it.
#[test]
fn one_thread_may_call_again_and_again() {
    // ON-01
    harness::model(|| {
        let once = Once::new();
        let runs = Count::zero("runs");
        for _ in 0..3 {
            once.call_once(|| runs.increment());
        }
        assert_eq!(runs.get(), 1, "how often the function ran");
    });
}

/// A weak exchange may fail though the value is the expected one: such a failure is not the call of another
/// thread. Catches code that takes it for one, and waits.
#[test]
fn an_exchange_that_fails_spuriously_is_tried_again() {
    harness::Model::new().spurious_failures(2).check(|| {
        let once = Once::new();
        let runs = Count::zero("runs");
        once.call_once(|| runs.increment());
        once.call_once(|| runs.increment());
        assert_eq!(runs.get(), 1, "how often the function ran");
    });
}

/// Two threads call at once: one runs its function, and the other wakes up when the end of that has been
/// recorded. Catches a check that is out of date: both threads find that no function has run, and both run
/// theirs. Also catches a wakeup that comes before what it tells of.
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
            (1, 1) => panic!("both functions ran, but only one should"),
            (mine, others) => panic!(
                "main's function ran {mine} times and the other's {others} times, but one should run, once"
            ),
        }
    });
}

/// A call that comes while the function runs returns after it: that a function has begun is not enough.
/// Catches a once that says "done" when the function begins.
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

/// A call that waits may wake up though nobody has woken it, up to three times while the function runs: each time it
/// sleeps again. Catches `if` in place of `while`, once or several times.
#[test]
fn a_spurious_wakeup_does_not_end_the_wait() {
    // ON-02
    harness::Model::new().spurious_wakeups(3).check(|| {
        let once = Once::new();
        let ended = Flag::lowered("ended");
        thread::scope(|s| {
            once.call_once(|| {
                spawn(s, "other", || {
                    once.call_once(|| panic!("a second function ran"));
                    assert!(ended.is_raised(), "a call returned while the function ran");
                });
                let_others_sleep(3);
                ended.raise();
            });
        });
    });
    must_sleep_again("`call_once`", |steps| {
        let once = Once::new();
        thread::scope(|s| {
            once.call_once(|| {
                spawn(s, "other", || {
                    once.call_once(|| panic!("a second function ran"))
                });
                steps();
            });
        });
    });
}

/// The function starts two callers and ends: its end has to wake both. Catches one wakeup for two sleepers.
#[test]
fn everybody_who_waits_is_released() {
    // ON-02
    harness::model(|| {
        let once = Once::new();
        let call = || once.call_once(|| panic!("a second function ran"));
        thread::scope(|s| {
            once.call_once(|| {
                spawn(s, "caller 1", call);
                spawn(s, "caller 2", call);
            });
        });
    });
}

/// The function never ends, so the two calls that come meanwhile may not return, and have to sleep. Catches a
/// call that waits by checking again and again, even if it does so only while another one sleeps.
#[test]
fn whoever_waits_sleeps() {
    // ON-02
    must_sleep("a call", "the function had not ended", || {
        let once = Once::new();
        let call = || {
            once.call_once(|| {
                loop {
                    thread::park(); // no thread unparks it
                }
            });
            panic!("a call returned, and the function had not ended");
        };
        thread::scope(|s| {
            spawn(s, "second", call);
            spawn(s, "third", call);
            call();
        });
    });
}

/// The function writes plain memory, and each caller reads it after its call: whether it ran the function,
/// waited for it, or came after it had ended. Catches a flag that orders nothing.
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

/// A call that comes while the function runs returns when that has returned or panicked, and a third thread's call,
/// after both, costs a single load and takes no lock. Catches a mark of those who wait that stays for ever, and a
/// panic after which every call takes the long way.
#[test]
fn a_call_that_comes_later_costs_a_load() {
    for ends_by in ["return", "panic"] {
        harness::model(move || {
            let once = Once::new();
            thread::scope(|s| {
                let first = || {
                    once.call_once(|| {
                        spawn(s, "waiter", || once.call_once(|| {}));
                        if ends_by == "panic" {
                            panic_any(EXPECTED);
                        }
                    });
                };
                assert_eq!(panics(first), ends_by == "panic");
            });
            thread::scope(|s| {
                spawn(s, "late", || {
                    once.call_once(|| {});
                    assert!(
                        has_only_loaded_once(),
                        "the function has ended, by a {ends_by}, and a call did more than a single load"
                    );
                });
            });
        });
    }
}

/// A panic ends the function as a return does: the call that waits wakes up and returns, and runs nothing.
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
            "the function panicked, which counts as run, so it must run once, but it ran {runs} times"
        );
        assert!(
            mine != others,
            "one call should run the function and panic, and the other should return; but here {}",
            if mine { "both panic" } else { "both return" }
        );
    });
}

/// The function starts two callers and panics: both wake up and return. Catches a panic that wakes one of two
/// sleepers.
///
/// Two preemptions are enough to let both fall asleep first; without a bound there are too many
/// interleavings.
#[test]
fn a_panic_releases_everybody_who_waits() {
    // ON-03
    harness::Model::new().preemption_bound(2).check(|| {
        let once = Once::new();
        let call = || once.call_once(|| panic!("a second function ran"));
        thread::scope(|s| {
            let panicked = panics(|| {
                once.call_once(|| {
                    spawn(s, "caller 1", call);
                    spawn(s, "caller 2", call);
                    panic_any(EXPECTED);
                });
            });
            assert!(panicked, "the function panicked, but its call returned");
        });
    });
}

/// The function writes plain memory and panics: no other runs, and every call that returns has to see what it
/// wrote. Catches a panic whose way out orders nothing.
#[test]
fn what_the_function_wrote_before_its_panic_is_there() {
    // ON-03, ON-07
    harness::model(|| {
        let once = Once::new();
        let slot = Slot::empty("slot");
        let runs = Count::zero("runs");
        let call = || {
            panics(|| {
                once.call_once(|| {
                    let before = runs.0.fetch_add(1, Relaxed);
                    assert_eq!(
                        before, 0,
                        "a second function ran, after the first had panicked"
                    );
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

/// While the function runs another call comes, whose own function owns what calls the once when it is
/// dropped: that call returns, and so does the call in its drop. Catches a function that is dropped under a
/// lock that this call takes.
#[test]
fn what_is_dropped_unrun_may_call_the_once() {
    struct Calls<'a>(&'a Once);
    impl Drop for Calls<'_> {
        fn drop(&mut self) {
            self.0.call_once(|| panic!("a second function ran"));
        }
    }

    harness::model(|| {
        let once = Once::new();
        thread::scope(|s| {
            once.call_once(|| {
                spawn(s, "other", || {
                    let calls = Calls(&once);
                    once.call_once(move || drop(calls));
                });
            });
        });
    });
}

/// Main's function calls the inner once, which another thread calls too: two onces share no lock and no
/// state.
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
        assert_eq!(runs.get(), 1, "how often the inner once's function ran");
    });
}

/// The function calls its own once: the call waits for the function, and the function for the call, so it
/// sleeps for ever. Catches a call that returns or panics although the function has not ended, one that runs
/// a second function inside the first, and one that spins.
#[test]
fn a_call_from_within_the_function_sleeps_for_ever() {
    // ON-04
    must_sleep("the inner call", "the function had not ended", || {
        let once = Once::new();
        once.call_once(|| once.call_once(|| panic!("a second function ran, inside the first")));
    });
}

/// What the functions of the models panic with.
const EXPECTED: &str = "the function fails";

/// Runs `call`, and returns whether it panicked as intended. Any other panic continues.
fn panics(call: impl FnOnce()) -> bool {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(()) => false,
        Err(payload) if payload.downcast_ref() == Some(&EXPECTED) => true,
        Err(payload) if payload.is::<String>() && message_of(&*payload) == EXPECTED => panic!(
            "the call should pass on the payload of the function's panic, a `&str`, but it panicked with a `String`"
        ),
        Err(payload) => resume_unwind(payload),
    }
}

/// Counts how often a function has run. It orders nothing.
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
