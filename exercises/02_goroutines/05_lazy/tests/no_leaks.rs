//! The function is dropped exactly once, and so is the value if it was made: forced or not, panic or not.
//!
//! Tracked values are numbers on purpose: a string that is dropped twice crashes the whole process, but
//! with a number the test can say what happened. The heap is checked too, for lazies that keep something in
//! a box.

use harness::leaks::{self, track};
use harness::sync::real::thread;
use harness::testing::{Counted, payload_of, while_unwinding};
use lazy::Lazy;
use std::panic::resume_unwind;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// The value is dropped once, with its lazy, even if that is part of a panic. Catches a value that is forgotten, or dropped only if the
/// function, too, needs to be dropped.
#[test]
fn the_value_is_dropped_with_its_lazy() {
    leaks::check(|| {
        let lazy = Lazy::new(|| track(1));
        assert_eq!(**Lazy::force(&lazy), 1);
        assert!(Lazy::get(&lazy).is_some());
        let unwinding = Lazy::new(|| track(2));
        Lazy::force(&unwinding);
        while_unwinding(|| drop(unwinding));
    });
}

/// What the function captured is dropped once, by the call, and not again with the lazy.
#[test]
fn a_function_that_was_called_is_dropped_once() {
    // ON-13
    leaks::check(|| {
        let captured = track(1);
        let lazy = Lazy::new(move || *captured + 1);
        assert_eq!(*lazy, 2);
    });
}

/// No `force` came: the lazy drops the function that it still has, even if that is part of a panic.
#[test]
fn a_function_that_was_never_called_is_dropped_with_its_lazy() {
    leaks::check(|| {
        let captured = [track(1), track(2)];
        let [lazy, unwinding] = captured.map(|captured| Lazy::new(move || *captured + 1));
        assert!(Lazy::get(&lazy).is_none());
        while_unwinding(|| drop(unwinding));
    });
}

/// A lazy that was never forced, or whose function panicked, has no value to drop.
#[test]
fn a_value_that_was_never_made_is_not_dropped() {
    leaks::check(|| {
        let before = Counted::drops();
        let drops = || Counted::drops() - before;
        drop(Lazy::new(|| Counted));
        assert_eq!(drops(), 0, "drops with a lazy that was never forced");
        let lazy = Lazy::new(|| -> Counted { resume_unwind(Box::new("no value")) });
        force_panicking(&lazy);
        drop(lazy);
        assert_eq!(drops(), 0, "drops although there was a panic");
        // There is nothing in the place for the value when it is written.
        let lazy = Lazy::new(|| Counted);
        Lazy::force(&lazy);
        assert_eq!(drops(), 0, "drops when the value was stored");
        drop(lazy);
        assert_eq!(drops(), 1, "drops with a lazy that was forced");
    });
}

/// What a panicking function captured is dropped once, by the call, and not again with the lazy.
#[test]
fn a_function_that_panicked_is_dropped_once() {
    // ON-10, ON-13
    leaks::check(|| {
        let captured = track(1);
        let lazy = Lazy::new(move || -> u32 {
            let _captured = captured;
            resume_unwind(Box::new(String::from("no value")));
        });
        force_panicking(&lazy);
    });
}

/// The payload goes to one call, which drops it: no other call and no lazy keeps it.
#[test]
fn the_payload_is_dropped_once() {
    leaks::check(|| {
        let payload = track(1);
        let lazy = Lazy::new(move || -> u32 { resume_unwind(Box::new(payload)) });
        thread::scope(|scope| {
            scope.spawn(|| force_panicking(&lazy));
            force_panicking(&lazy);
        });
    });
}

/// Three threads call `force`: the value and what the function captured are dropped once each.
#[test]
fn everything_is_dropped_once_when_many_force() {
    // ON-13
    leaks::check(|| {
        let (captured, value) = (track(1), track(2));
        let lazy = Lazy::new(move || {
            let _captured = captured;
            value
        });
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| assert_eq!(**Lazy::force(&lazy), 2));
            }
        });
    });
}

/// Forced, never forced or panicked: a lazy that is dropped gives back all memory, with its value, function
/// or message.
#[test]
fn the_memory_goes_back_too() {
    leaks::check(|| {
        let forced = Lazy::new(|| [1u64; 8]);
        assert_eq!(*forced, [1; 8]);
        let captured = [2u64; 8];
        let _never_forced = Lazy::new(move || captured[0]);
        let panicked = Lazy::new(|| -> u32 { resume_unwind(Box::new("no value")) });
        force_panicking(&panicked);
    });
}

/// Calls that come after the function has ended leave nothing behind in the lazy.
///
/// The lazies outlive the check, which runs its closure many times: what they keep of a call adds up.
#[test]
fn a_lazy_keeps_nothing_of_its_calls() {
    let made = Lazy::new(|| 7);
    let panicked = Lazy::new(|| -> u32 { resume_unwind(Box::new("no value")) });
    leaks::check(|| {
        assert_eq!(Lazy::force(&made), &7);
        assert_eq!(Lazy::get(&made), Some(&7));
        force_panicking(&panicked);
        assert_eq!(Lazy::get(&panicked), None);
    });
}

/// Forces a lazy whose function panics.
#[track_caller]
fn force_panicking<T, F: FnOnce() -> T>(lazy: &Lazy<T, F>) {
    let payload = payload_of(|| {
        // The result is not read: if `force` returns, there may be no value behind the reference.
        let _ = Lazy::force(lazy);
    });
    assert!(
        payload.is_some(),
        "the function panicked, but `force` returned"
    );
}
