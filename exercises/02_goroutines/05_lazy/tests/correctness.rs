//! What the docs promise, on real threads. IDs such as ON-10 name behaviours of Go's `sync.Once` and
//! `sync.OnceValue`. No test here needs luck to pass, and the tests with threads do not catch a wrong
//! ordering: that is what the models in `src/race_freedom.rs` are for.

use harness::assert_bounds;
use harness::sync::real::thread;
use harness::testing::{
    assert_passes_on, let_others_run, message_of, must_end, must_sleep_on_threads, panic_of,
    payload_of, unwinding_if, wait_until, while_unwinding,
};
use lazy::Lazy;
use std::any::Any;
use std::cell::Cell;
use std::panic::{panic_any, resume_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier, MutexGuard, Weak};

/// Where a thread hangs, if a test does.
const IN_FORCE: &str = "a thread is still in `force` or `get`";

/// Neither `new` nor `get` calls the function; the first `force` does.
#[test]
fn nothing_is_computed_before_it_is_asked_for() {
    must_end(IN_FORCE, || {
        let runs = AtomicUsize::new(0);
        let lazy = Lazy::new(|| runs.fetch_add(1, Relaxed));
        assert_eq!(runs.load(Relaxed), 0, "how often the function ran in `new`");
        assert_eq!(Lazy::get(&lazy), None);
        assert_eq!(runs.load(Relaxed), 0, "how often the function ran in `get`");
        Lazy::force(&lazy);
        assert_eq!(
            runs.load(Relaxed),
            1,
            "how often the function ran in `force`"
        );
    });
}

/// However often `force` is called, the function runs once, and all get the same value.
#[test]
fn every_force_lends_the_same_value() {
    // ON-01, ON-09
    must_end(IN_FORCE, || {
        let runs = AtomicUsize::new(0);
        let lazy = Lazy::new(|| {
            runs.fetch_add(1, Relaxed);
            [7u64; 32]
        });
        let (first, again) = (Lazy::force(&lazy), Lazy::force(&lazy));
        assert_eq!(first, &[7; 32]);
        assert!(
            std::ptr::eq(first, again),
            "two calls of `force` returned references to two different values"
        );
        // Catches calls that are counted in eight or sixteen bits.
        for _ in 0..65_536 {
            Lazy::force(&lazy);
        }
        assert_eq!(runs.load(Relaxed), 1, "how often the function ran");
    });
}

/// The first `force` is called in a destructor while its thread unwinds: the function has not panicked.
/// Catches `thread::panicking()` taken for "the function has panicked".
#[test]
fn a_force_while_its_thread_unwinds_makes_the_value() {
    // ON-01
    must_end(IN_FORCE, || {
        let lazy = Lazy::new(|| 7);
        assert_eq!(while_unwinding(|| *Lazy::force(&lazy)), 7);
        assert_eq!(
            Lazy::get(&lazy),
            Some(&7),
            "a `force` has returned while its thread unwound"
        );
        assert_eq!(*lazy, 7);
    });
}

/// Two lazies change places after they were forced: each takes its value along. Catches a pointer to the place in
/// which the value was made.
#[test]
fn a_lazy_that_is_moved_takes_its_value_along() {
    must_end(IN_FORCE, || {
        let mut lazies: [Lazy<u32>; 2] = [Lazy::new(|| 1), Lazy::new(|| 2)];
        assert_eq!(lazies.each_ref().map(Lazy::force), [&1, &2]);
        lazies.swap(0, 1);
        let seen = lazies.each_ref().map(Lazy::get);
        assert_eq!(
            seen,
            [Some(&2), Some(&1)],
            "the values of two lazies that have changed places"
        );
    });
}

#[test]
fn get_lends_what_was_forced() {
    must_end(IN_FORCE, || {
        let lazy = Lazy::new(|| String::from("computed"));
        let forced = Lazy::force(&lazy);
        let seen = Lazy::get(&lazy).expect("a `force` has returned");
        assert_eq!(seen, "computed");
        assert!(
            std::ptr::eq(forced, seen),
            "`force` and `get` returned references to two different values"
        );
    });
}

#[test]
fn a_lazy_can_be_used_like_its_value() {
    must_end(IN_FORCE, || {
        let words = Lazy::new(|| vec!["to", "be", "computed"]);
        assert_eq!(words.len(), 3);
        assert_eq!(words[1], "be");

        // The type of the function need not be named if it captures nothing.
        let seven: Lazy<u32> = Lazy::new(|| 7);
        assert_eq!(*seven, 7);
    });
}

/// Any value can be computed, also one that is `None` or 0, has no bytes, or is aligned to 256 of them: the value itself
/// cannot show whether there is one.
#[test]
fn any_value_can_be_computed() {
    must_end(IN_FORCE, || {
        let nothing = Lazy::new(|| None::<u32>);
        assert_eq!(Lazy::get(&nothing), None);
        assert_eq!(Lazy::force(&nothing), &None);
        assert_eq!(Lazy::get(&nothing), Some(&None));

        let zero = Lazy::new(|| 0u8);
        assert_eq!(*zero, 0);

        let unit = Lazy::new(|| ());
        assert_eq!(Lazy::get(&unit), None);
        assert_eq!(Lazy::force(&unit), &());
        assert_eq!(Lazy::get(&unit), Some(&()));

        // There are eight, because one may be aligned by luck.
        #[repr(align(256))]
        struct Line(u8);
        let lines: [Lazy<Line>; 8] =
            std::array::from_fn(|_| -> Lazy<Line> { Lazy::new(|| Line(7)) });
        for line in &lines {
            let at = std::ptr::from_ref(Lazy::force(line)).addr();
            assert_eq!(
                at % align_of::<Line>(),
                0,
                "how far the value is from its alignment"
            );
            assert_eq!(line.0, 7);
        }
    });
}

/// What the function captured is dropped by the call, not with the lazy.
#[test]
fn the_function_is_gone_when_force_returns() {
    // ON-13
    must_end(IN_FORCE, || {
        let captured = Arc::new(());
        let mine = Arc::clone(&captured);
        let lazy = Lazy::new(move || Arc::strong_count(&mine));
        assert_eq!(Lazy::force(&lazy), &2, "owners while the function runs");
        assert_eq!(
            Arc::strong_count(&captured),
            1,
            "owners of what the function had captured, after the call"
        );
    });
}

/// What a panicking function captured is dropped by the call, not with the lazy.
#[test]
fn the_function_is_gone_when_force_panics() {
    // ON-13
    must_end(IN_FORCE, || {
        let captured = Arc::new(());
        let mine = Arc::clone(&captured);
        let lazy = Lazy::new(move || -> u32 {
            let _mine = mine;
            panic!("no network");
        });
        payload_of_force(&lazy);
        assert_eq!(
            Arc::strong_count(&captured),
            1,
            "owners of what the function had captured, after its panic"
        );
    });
}

/// The function panics: the first, the second and the third `force` panic with its message, a `&str` or a `String`, also
/// if their thread unwinds already.
#[test]
fn every_force_panics_with_the_functions_message() {
    // ON-10
    must_end(IN_FORCE, || {
        let runs = AtomicUsize::new(0);
        let lazy = Lazy::new(|| -> u32 {
            runs.fetch_add(1, Relaxed);
            panic!("no network");
        });
        for call in 1..=3 {
            let place = if call == 2 {
                ", which is in the payload (`&*payload`) and not in the box around it (`&payload`)"
            } else {
                ""
            };
            assert_eq!(
                message_of_force(&lazy),
                "no network",
                "call {call} of `force` panicked with this: the first passes the payload on, others its message{place}"
            );
        }
        assert_eq!(
            while_unwinding(|| message_of_force(&lazy)),
            "no network",
            "a call of `force` while its thread unwinds panicked with this: all but the first pass the message on"
        );
        // The first call, too, may come while its thread unwinds: then, too, it is the function that has panicked.
        let unwinding = Lazy::new(|| -> u32 { panic!("no network") });
        for call in 1..=2 {
            assert_eq!(
                while_unwinding(|| message_of_force(&unwinding)),
                "no network",
                "call {call} of `force`, each while its thread unwinds, panicked with this"
            );
        }
        // A message of any length.
        for length in [0, 100] {
            let status = "404 not found, ".repeat(length);
            let formatted = Lazy::new(|| -> u32 { panic!("{status}") });
            for call in 1..=3 {
                assert_eq!(
                    message_of_force(&formatted),
                    status,
                    "call {call} of `force` panicked with this: the first passes the payload on, others its message"
                );
            }
        }
        assert_eq!(runs.load(Relaxed), 1, "how often the function ran");
    });
}

#[test]
fn dereferencing_panics_too() {
    // ON-10
    must_end(IN_FORCE, || {
        let lazy = Lazy::new(|| -> u32 { panic!("no network") });
        for call in 1..=2 {
            let used = panic_of(|| {
                let _ = &*lazy;
            });
            let message = used.expect("the function panicked, so `*lazy` must panic too");
            assert_eq!(message, "no network", "call {call}");
        }
    });
}

/// The function panics: `get` returns `None` before and after, and does not panic.
#[test]
fn there_is_no_value_after_a_panic() {
    must_end(IN_FORCE, || {
        let lazy = Lazy::new(|| -> u32 { panic!("no network") });
        assert!(Lazy::get(&lazy).is_none());
        for call in 1..=2 {
            payload_of_force(&lazy);
            let mut value = None;
            let panic = panic_of(|| value = Lazy::get(&lazy));
            assert_eq!(
                panic, None,
                "`get` panicked after the panic of `force` {call}: it should return None"
            );
            assert_eq!(value, None, "the function panicked: there is no value");
        }
    });
}

/// A payload has one owner: the call that ran the function gets it, and later ones get a message.
#[test]
fn the_call_that_ran_the_function_gets_the_payload() {
    // ON-10, ON-14
    must_end(IN_FORCE, || {
        #[derive(Debug, PartialEq)]
        struct Status(u32);
        let lazy = Lazy::new(|| -> u32 { panic_any(Status(404)) });
        let payload = payload_of_force(&lazy);
        assert_eq!(
            payload.downcast_ref(),
            Some(&Status(404)),
            "the first `force` ran the function, and must panic with its payload itself, and not with {:?}",
            message_of(&*payload)
        );
        assert_passes_on(|raise| {
            let lazy = Lazy::new(|| -> u32 { raise() });
            let _ = Lazy::force(&lazy);
        });
        for call in 2..=3 {
            assert_eq!(
                message_of_force(&lazy),
                "lazy: the function panicked",
                "what call {call} of `force` panicked with: the payload has no message"
            );
        }
    });
}

#[test]
fn the_function_may_look_and_may_force_another() {
    type Boxed = Lazy<u32, Box<dyn FnOnce() -> u32>>;
    must_end(IN_FORCE, || {
        let low = Lazy::new(|| 3);
        let high = Arc::new_cyclic(|high: &Weak<Boxed>| {
            let high = Weak::clone(high);
            Lazy::new(Box::new(move || {
                let high = high.upgrade().expect("it is being forced, so it lives");
                assert_eq!(Lazy::get(&high), None, "the function has not returned");
                4 + *low
            }))
        });
        assert_eq!(Lazy::force(&high), &7);
    });
}

/// Eight threads, and in the last round 257, call `force` while the function runs: it runs once, and all get the whole
/// value.
#[test]
fn one_of_many_threads_runs_the_function() {
    // ON-01, ON-02, ON-07
    must_end(IN_FORCE, || {
        const WHOLE: [usize; 16] = [1; 16];
        for round in 1..=50 {
            // So many also catch a count of the sleepers that wraps around.
            let threads = if round < 50 { 8 } else { 257 };
            let runs = AtomicUsize::new(0);
            let coming = AtomicUsize::new(0);
            let start = Barrier::new(threads);
            let lazy = Lazy::new(|| {
                runs.fetch_add(1, Relaxed);
                wait_until("not all have come", || coming.load(Relaxed) == threads);
                let_others_run();
                WHOLE
            });
            thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| {
                        start.wait();
                        coming.fetch_add(1, Relaxed);
                        // Copied before it is compared: a torn value may be whole again by the time it is
                        // printed.
                        let seen = *Lazy::force(&lazy);
                        assert_eq!(seen, WHOLE, "a thread saw part of a value");
                        assert_eq!(Lazy::get(&lazy), Some(&WHOLE), "after a force");
                    });
                }
            });
            assert_eq!(runs.load(Relaxed), 1, "how often the function ran");
        }
    });
}

/// The function runs, and two threads call `force` one after the other, the second while it unwinds: each sleeps.
#[test]
fn a_force_that_waits_sleeps() {
    // ON-02
    type Boxed = Lazy<u32, Box<dyn FnOnce() -> u32 + Send>>;
    let lazy = Arc::new_cyclic(|lazy: &Weak<Boxed>| {
        let lazy = Weak::clone(lazy);
        Lazy::new(Box::new(move || {
            for (call, unwinds) in [
                ("`force`", false),
                ("`force`, in a destructor while its thread unwinds,", true),
            ] {
                let lazy = lazy.upgrade().expect("it is being forced, so it lives");
                must_sleep_on_threads(call, "the function had not returned", move || {
                    unwinding_if(unwinds, || *Lazy::force(&lazy));
                });
            }
            7
        }))
    });
    assert_eq!(Lazy::force(&lazy), &7);
}

/// Eight threads call `force`, and the function panics: one gets the payload, and seven a message.
#[test]
fn one_of_many_threads_gets_the_payload() {
    // ON-10
    must_end(IN_FORCE, || {
        const THREADS: usize = 8;
        for _ in 0..20 {
            let runs = AtomicUsize::new(0);
            let start = Barrier::new(THREADS);
            let lazy = Lazy::new(|| -> u32 {
                runs.fetch_add(1, Relaxed);
                let_others_run();
                resume_unwind(Box::new(404)); // a panic that prints nothing
            });
            let payloads: Vec<_> = thread::scope(|scope| {
                let threads: Vec<_> = (0..THREADS)
                    .map(|_| {
                        scope.spawn(|| {
                            start.wait();
                            payload_of_force(&lazy)
                        })
                    })
                    .collect();
                threads.into_iter().map(|t| t.join().unwrap()).collect()
            });
            let (first, others): (Vec<_>, Vec<_>) =
                payloads.into_iter().partition(|p| p.is::<i32>());
            assert_eq!(first.len(), 1, "threads that got the payload");
            for payload in others {
                assert_eq!(message_of(&*payload), "lazy: the function panicked");
            }
            assert_eq!(runs.load(Relaxed), 1, "how often the function ran");
        }
    });
}

/// The lazy is made on this thread, forced on a second, and read on a third.
#[test]
fn the_lazy_moves_between_threads() {
    must_end(IN_FORCE, || {
        let word = String::from("far");
        let lazy = Lazy::new(move || word + "away");
        let lazy = thread::spawn(move || {
            assert_eq!(lazy.len(), 7);
            lazy
        })
        .join()
        .unwrap();
        let seen = thread::spawn(move || Lazy::get(&lazy).cloned()).join();
        assert_eq!(seen.unwrap().as_deref(), Some("faraway"));
    });
}

/// The bounds of the section "Threads" in the docs.
#[test]
fn send_and_sync_follow_from_value_and_function() {
    // The function captures a `Cell`, which is not `Sync`: that does not matter.
    must_end(IN_FORCE, || {
        let captured = Cell::new(7);
        let lazy = Lazy::new(move || captured.get());
        thread::scope(|scope| {
            scope.spawn(|| assert_eq!(*lazy, 7));
            assert_eq!(*lazy, 7);
        });
    });

    /// The type of a closure that has captured an `X`, as far as its bounds go.
    type Captures<X> = (X, fn() -> u32);

    assert_bounds!(Lazy<u32>: Send + Sync);
    // Another thread can change the content of a `&Cell`, so only one thread at a time may have the lazy.
    assert_bounds!(Lazy<Cell<u32>>: Send + !Sync);
    // Two threads with an `Rc` each would count references in a data race.
    assert_bounds!(Lazy<Rc<u32>>: !Send + !Sync);
    // All threads may read a guard, but the thread that locked must drop it.
    assert_bounds!(Lazy<MutexGuard<'static, u32>>: !Sync);
    // The function is called, or dropped, by a thread that need not be the one that passed it to `new`.
    assert_bounds!(Lazy<u32, Captures<Rc<u32>>>: !Send + !Sync);
    // But it is never used by two threads at once.
    assert_bounds!(Lazy<u32, Captures<Cell<u32>>>: Sync);
}

/// Returns the payload that a `force` panics with.
#[track_caller]
fn payload_of_force<F: FnOnce() -> u32>(lazy: &Lazy<u32, F>) -> Box<dyn Any + Send> {
    let payload = payload_of(|| {
        // The result is not read: if `force` returns, there may be no value behind the reference.
        let _ = Lazy::force(lazy);
    });
    payload.unwrap_or_else(|| {
        panic!("`force` returned, but the function panicked, so there is no value to return")
    })
}

#[track_caller]
fn message_of_force<F: FnOnce() -> u32>(lazy: &Lazy<u32, F>) -> String {
    message_of(&*payload_of_force(lazy)).to_owned()
}
