//! Models: each explores every interleaving of a few threads, and every value that a load may return in it.
//! IDs such as ON-02 name behaviours of Go's `sync.Once` and `sync.OnceValue`.

use crate::Lazy;
use crate::sync::atomic::{
    AtomicBool, AtomicU32,
    Ordering::{Acquire, Relaxed, Release},
};
use crate::sync::thread;
use harness::leaks::track;
use harness::testing::{
    Watched, both, has_locked, let_others_sleep, may_sleep, message_of, must_sleep,
    must_sleep_again, never_waits, payload_of, spawn,
};
use std::sync::{Arc, Weak};

/// Two threads call `force` at once: one calls the function, the other wakes up when the value is there, and from then
/// on `get` finds it. Catches two threads that both find that there is no value yet, and both compute one, or get in each
/// other's way while they try, and one that comes late and takes the value away for a moment.
#[test]
fn the_function_runs_once() {
    // ON-01, ON-09
    harness::model(|| {
        let runs = AtomicU32::named("runs", 0);
        let lazy = Lazy::new(|| 7 + runs.fetch_add(1, Relaxed));
        thread::scope(|scope| {
            let force = || {
                let value = Lazy::force(&lazy);
                assert!(
                    Lazy::get(&lazy).is_some(),
                    "a `force` of this thread has returned, and then its `get` returned None"
                );
                value
            };
            let other = spawn(scope, "other", force);
            let (mine, theirs) = (force(), other.join().unwrap());
            assert!(
                std::ptr::eq(mine, theirs),
                "two calls of `force` returned references to two different values"
            );
            assert_eq!(*mine, 7);
        });
        assert_eq!(runs.fetch_add(0, Relaxed), 1, "how often the function ran");
    });
}

/// A weak exchange may fail though the value is the expected one: such a failure is not the call of another
/// thread. Catches code that takes it for one, and waits.
#[test]
fn an_exchange_that_fails_spuriously_is_tried_again() {
    harness::Model::new().spurious_failures(2).check(|| {
        let lazy = Lazy::new(|| 7);
        assert_eq!(*Lazy::force(&lazy), 7);
        assert_eq!(Lazy::get(&lazy), Some(&7));
    });
}

/// Two threads call `force`, and both read the value: its making has to be ordered before both reads. Catches
/// a second thread that reads a value that is still being made, or reads it by an ordering that does not make
/// the value visible.
#[test]
fn force_lends_the_whole_value() {
    // ON-02, ON-06, ON-07
    harness::model(|| {
        let lazy = Lazy::new(|| Watched::new("watched", 7));
        thread::scope(|scope| {
            spawn(scope, "other", || {
                assert_eq!(Lazy::force(&lazy).read(), 7);
            });
            assert_eq!(Lazy::force(&lazy).read(), 7);
        });
        assert_eq!(Lazy::force(&lazy).read(), 7);
    });
}

/// One thread calls `force` while another calls `get`, which finds nothing or the whole value, and waits for nobody.
/// Catches a `get` that finds the value announced but not yet written: it was announced too early, or by a store and a
/// load that order nothing; and one that waits while the value is moved to its place.
#[test]
fn get_lends_the_whole_value_or_none() {
    // ON-06, ON-07
    harness::model(|| {
        let lazy = Lazy::new(|| Watched::new("watched", 7));
        thread::scope(|scope| {
            spawn(scope, "reader", || {
                let seen = never_waits("`get`", || Lazy::get(&lazy));
                if let Some(seen) = seen {
                    assert_eq!(seen.read(), 7);
                }
            });
            assert_eq!(Lazy::force(&lazy).read(), 7);
        });
        let seen = Lazy::get(&lazy).expect("a `force` has returned before this `get`");
        assert_eq!(seen.read(), 7);
    });
}

/// Two threads have forced the value, and it is there when a third comes: that one reads the value, and takes no lock.
/// Catches a mark of those who wait that stays for ever.
#[test]
fn a_value_that_is_there_is_read_without_a_lock() {
    harness::model(|| {
        let lazy = Lazy::new(|| 7);
        both(|| *Lazy::force(&lazy), || *Lazy::force(&lazy));
        thread::scope(|scope| {
            spawn(scope, "late", || {
                assert_eq!((*Lazy::force(&lazy), Lazy::get(&lazy)), (7, Some(&7)));
                assert!(
                    !has_locked(),
                    "the value was there, and reading it took a lock"
                );
            });
        });
    });
}

/// The function writes to memory outside the lazy: a thread that has forced the lazy sees that, too. Catches
/// a `force` that makes the value visible but not the rest.
///
/// The note is Relaxed, so only the lazy can order it.
#[test]
fn what_the_function_did_comes_with_force() {
    // ON-07
    harness::model(|| {
        let note = AtomicU32::named("note", 0);
        let lazy = Lazy::new(|| note.store(1, Relaxed));
        thread::scope(|scope| {
            spawn(scope, "other", || {
                Lazy::force(&lazy);
                assert_eq!(note.load(Relaxed), 1, "the note that the function stored");
            });
            Lazy::force(&lazy);
            assert_eq!(note.load(Relaxed), 1, "the note that the function stored");
        });
    });
}

/// The function writes to memory outside the lazy: a thread whose `get` returned `Some` sees that, too.
#[test]
fn what_the_function_did_comes_with_get() {
    // ON-07
    harness::model(|| {
        let note = AtomicU32::named("note", 0);
        let lazy = Lazy::new(|| note.store(1, Relaxed));
        thread::scope(|scope| {
            spawn(scope, "reader", || {
                if Lazy::get(&lazy).is_some() {
                    assert_eq!(note.load(Relaxed), 1, "the note that the function stored");
                }
            });
            Lazy::force(&lazy);
        });
    });
}

/// One reader sees the value and tells another, whose `get` has to find it, too. Catches a second `get` that
/// finds nothing, or a value that is not ordered after its making: happens-before carries over from thread to
/// thread.
#[test]
fn a_reader_told_of_the_value_sees_it() {
    // ON-07
    harness::model(|| {
        let told = AtomicBool::named("told", false);
        let lazy = Lazy::new(|| Watched::new("watched", 7));
        thread::scope(|scope| {
            spawn(scope, "first reader", || {
                if Lazy::get(&lazy).is_some() {
                    // Pairs with the Acquire below.
                    told.store(true, Release);
                }
            });
            spawn(scope, "second reader", || {
                if told.load(Acquire) {
                    let seen = Lazy::get(&lazy);
                    let seen = seen.expect("the first reader has already seen the value");
                    assert_eq!(seen.read(), 7);
                }
            });
            Lazy::force(&lazy);
        });
    });
}

/// The value is there before the threads start: neither a `force` nor a `get` may hide it from another, not
/// for a moment. Catches a `get` that gives up because another thread reads too, and a `force` that takes the
/// value away for a moment.
#[test]
fn nobody_hides_the_value() {
    harness::model(|| {
        let lazy = Lazy::new(|| 7);
        assert_eq!(Lazy::force(&lazy), &7);
        thread::scope(|scope| {
            spawn(scope, "reader", || {
                assert_eq!(
                    Lazy::get(&lazy),
                    Some(&7),
                    "computed before this thread was spawned"
                );
            });
            spawn(scope, "other", || assert_eq!(Lazy::force(&lazy), &7));
            assert_eq!(
                Lazy::get(&lazy),
                Some(&7),
                "computed before, by this very thread"
            );
        });
    });
}

/// Three threads call `force`: the end of the function has to wake both that wait. Catches one wakeup for two
/// sleepers, which takes two preemptions: both fall asleep while the function runs.
///
/// Without a bound, a lazy that wakes its sleepers by hand takes longer than a model may. The models of two
/// threads, here and above, have no bound.
#[test]
fn everybody_who_waits_is_woken() {
    // ON-02
    harness::Model::new().preemption_bound(2).check(|| {
        let lazy = Lazy::new(|| 7);
        thread::scope(|scope| {
            spawn(scope, "second", || assert_eq!(Lazy::force(&lazy), &7));
            spawn(scope, "third", || assert_eq!(Lazy::force(&lazy), &7));
            assert_eq!(Lazy::force(&lazy), &7);
        });
    });
}

/// A `force` that waits wakes up for no reason, up to three times, while the function runs: each time it has to look,
/// and sleep again. Catches `if` in place of `while`, and a wait that sleeps only so often.
#[test]
fn a_spurious_wakeup_does_not_end_the_wait() {
    // ON-02
    harness::Model::new().spurious_wakeups(3).check(|| {
        let lazy = Lazy::new(|| {
            let_others_sleep(3);
            Watched::new("watched", 7)
        });
        thread::scope(|scope| {
            spawn(scope, "other", || {
                assert_eq!(Lazy::force(&lazy).read(), 7);
            });
            assert_eq!(Lazy::force(&lazy).read(), 7);
        });
    });
    must_sleep_again("`force`", |steps| {
        let lazy = Lazy::new(steps);
        both(|| Lazy::force(&lazy), || Lazy::force(&lazy));
    });
}

/// The function never returns, so the others may not return from `force` either, and have to sleep. Catches a
/// `force` that checks again and again, even if it does so only while another one sleeps.
#[test]
fn whoever_waits_sleeps() {
    // ON-02
    must_sleep("a `force`", "the function did not", || {
        let lazy = Lazy::new(|| {
            loop {
                thread::park(); // no thread unparks it
            }
        });
        let force = || {
            Lazy::<(), _>::force(&lazy);
            panic!("a `force` returned, and the function did not");
        };
        thread::scope(|scope| {
            spawn(scope, "second", force);
            spawn(scope, "third", force);
            force();
        });
    });
}

/// The function calls `get` on its own lazy, and so does another thread for which it waits: both get `None` at once, for a
/// `get` waits for nobody. Catches a `get` that waits for the function, which waits for the `get`.
#[test]
fn the_function_may_look_with_get() {
    harness::model(|| {
        let lazy = knowing_itself(|lazy| {
            assert!(Lazy::get(lazy).is_none(), "the function has not returned");
            let ((), others) = both(|| (), || Lazy::get(lazy));
            assert!(others.is_none(), "the function has not returned");
            7
        });
        assert_eq!(Lazy::force(&lazy), &7);
        assert_eq!(Lazy::get(&lazy), Some(&7));
    });
}

/// The function forces its own lazy: there is no value that it could get, so the inner call must block or
/// panic. Catches a call that takes "the function has been called" for "there is a value", and one that
/// spins.
#[test]
fn a_force_from_the_function_itself_never_returns() {
    // ON-04
    may_sleep(
        "a `force` from the function itself should block or panic",
        || {
            let inner_returned = AtomicBool::named("inner_returned", false);
            // The function may not borrow the flag, because `knowing_itself` requires a `'static` function.
            let flag = Arc::new(inner_returned);
            let raise = Arc::clone(&flag);
            let lazy = knowing_itself(move |lazy| {
                let _ = Lazy::force(lazy);
                raise.store(true, Relaxed);
                7
            });
            payload_of(|| {
                let _ = Lazy::force(&lazy);
            });
            assert!(
                !flag.load(Relaxed),
                "a `force` from the function itself returned before there was a value"
            );
        },
    );
}

/// The function of one lazy forces another lazy, which a second thread forces at the same time: two lazies
/// share no lock. Catches a lock that does not belong to one lazy alone.
#[test]
fn the_function_may_force_another_lazy() {
    harness::model(|| {
        let low = Lazy::new(|| 3);
        let high = Lazy::new(|| 4 + *Lazy::force(&low));
        thread::scope(|scope| {
            spawn(scope, "other", || assert_eq!(Lazy::force(&low), &3));
            assert_eq!(Lazy::force(&high), &7);
        });
    });
}

/// The function panics: that is recorded before those that wait are woken, and they, the call that ran it and
/// later ones panic with its message. Catches a panic that leaves the waiting thread asleep, that counts as a
/// value, or that lets the function be called again.
#[test]
fn every_force_panics_if_the_function_does() {
    // ON-10
    harness::model(|| {
        let runs = AtomicU32::named("runs", 0);
        let lazy = Lazy::new(|| -> u32 {
            runs.fetch_add(1, Relaxed);
            panic!("no network");
        });
        thread::scope(|scope| {
            spawn(scope, "other", || assert_force_panics(&lazy, "no network"));
            assert_force_panics(&lazy, "no network");
        });
        assert_force_panics(&lazy, "no network");
        assert!(Lazy::get(&lazy).is_none(), "there is no value");
        assert_eq!(runs.fetch_add(0, Relaxed), 1, "how often the function ran");
    });
}

/// Three threads call `force`, and the function panics: both that wait are woken, and see its message.
/// Catches a panic that wakes one of two sleepers.
///
/// The bound is that of `everybody_who_waits_is_woken`.
#[test]
fn a_panic_wakes_everybody_who_waits() {
    // ON-10
    harness::Model::new().preemption_bound(2).check(|| {
        let lazy = Lazy::new(|| -> u32 { panic!("no network") });
        thread::scope(|scope| {
            spawn(scope, "second", || assert_force_panics(&lazy, "no network"));
            spawn(scope, "third", || assert_force_panics(&lazy, "no network"));
            assert_force_panics(&lazy, "no network");
        });
    });
}

/// Two threads call `force`, and the lazy is dropped: the value is dropped then, and what the function
/// captured before. Catches either if it is dropped twice or not at all, in one of the two orders.
#[test]
fn function_and_value_are_dropped_once() {
    // ON-13
    harness::model(|| {
        let captured = track(1);
        let lazy = Lazy::new(move || {
            let _captured = captured;
            track(2)
        });
        thread::scope(|scope| {
            spawn(scope, "other", || {
                let _ = Lazy::force(&lazy);
            });
            let _ = Lazy::force(&lazy);
        });
        drop(lazy);
    });
}

/// A lazy whose function can refer to the lazy itself.
type Knowing = Lazy<u32, Box<dyn FnOnce() -> u32 + Send>>;

/// Makes a lazy whose function gets a reference to the lazy itself.
#[track_caller]
fn knowing_itself(f: impl FnOnce(&Knowing) -> u32 + Send + 'static) -> Arc<Knowing> {
    Arc::new_cyclic(|lazy: &Weak<Knowing>| {
        let lazy = Weak::clone(lazy);
        Lazy::new(Box::new(move || {
            let lazy = lazy.upgrade().expect("it is being forced, so it lives");
            f(&lazy)
        }))
    })
}

/// Forces a lazy whose function panics, and checks what this call panics with.
#[track_caller]
fn assert_force_panics<F: FnOnce() -> u32>(lazy: &Lazy<u32, F>, expected: &str) {
    let payload = payload_of(|| {
        // The result is not read: if `force` returns, there may be no value behind the reference.
        let _ = Lazy::force(lazy);
    });
    let payload = payload
        .expect("`force` returned, but the function panicked, so there is no value to return");
    assert_eq!(
        message_of(&*payload),
        expected,
        "the message that this `force` panicked with; the function's was {expected:?}"
    );
}
