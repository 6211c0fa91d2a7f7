//! Every interleaving of a few small programs. IDs such as GR-02 name behaviours of Go's goroutines.

use crate::sync::thread;
use crate::{JoinHandle, go};
use harness::leaks::track;
use harness::testing::{Flag, Gate, Slot, both, has_waited, must_sleep};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Catches the lost wakeup, in any form: main checks and sees no result, `f` ends and notifies no thread,
/// main falls asleep. Also catches a `join` that sleeps without a check, if `f` ends first.
#[test]
fn join_gives_the_value() {
    harness::model(|| {
        let handle = go(|| 7);
        assert_eq!(value(handle.join()), 7);
    });
}

/// Catches a panic that loses the notification, or what `f` wrote before it, or the payload.
#[test]
fn join_gives_the_payload_of_a_panic() {
    // GR-04, as it is in Rust
    harness::model(|| {
        let memory = Arc::new(Slot::empty("memory"));
        let theirs = Arc::clone(&memory);
        let handle = go(move || -> u32 {
            theirs.write(1);
            panic!("no answer");
        });
        let payload = handle.join().expect_err("`f` panicked");
        assert_eq!(
            payload.downcast_ref(),
            Some(&"no answer"),
            "the payload of panic!(\"no answer\") is a &str"
        );
        assert_eq!(memory.read(), 1);
    });
}

/// A program that must not end, because `f` never does. Catches a `join` that gives up, and one that spins.
#[test]
fn join_sleeps_while_f_runs() {
    must_sleep("`join`", "`f` had not ended", || {
        let handle = go(|| Gate::shut("never").pass());
        let _ = handle.join();
        // Without this a return would be a deadlock, too: `f` sleeps.
        panic!("`join` returned, and `f` had not ended");
    });
}

/// Catches `if` in place of `while`: main has a spurious wakeup before there is a result.
#[test]
fn a_spurious_wakeup_does_not_end_join() {
    harness::Model::new().spurious_wakeups(1).check(|| {
        let handle = go(|| 7);
        assert_eq!(value(handle.join()), 7);
    });
}

/// A weak exchange may fail though the value is the expected one. Catches code that takes such a failure for a result that
/// is there, or goes to sleep where `f` does not see it.
#[test]
fn an_exchange_that_fails_spuriously_is_tried_again() {
    harness::Model::new().spurious_failures(1).check(|| {
        let handle = go(|| 7);
        assert_eq!(value(handle.join()), 7);
    });
}

/// Plain memory, written by main, then by `f`, then read by main. Catches a `join` that returns because of
/// a check that orders nothing, such as that of a Relaxed flag.
#[test]
fn each_sees_what_the_other_wrote() {
    // GR-01, and what GR-02 denies if there is no join
    harness::model(|| {
        let memory = Arc::new(Slot::empty("memory"));
        let theirs = Arc::clone(&memory);
        memory.write(1);
        let handle = go(move || {
            assert_eq!(theirs.read(), 1, "main wrote 1 before `go`");
            theirs.write(2);
        });
        value(handle.join());
        assert_eq!(memory.read(), 2, "`f` wrote 2 before it returned");
    });
}

/// Catches a result that is stored before what `f` captured has been dropped.
#[test]
fn what_f_captured_is_gone_when_join_returns() {
    struct Captured(Arc<Slot>);
    impl Drop for Captured {
        fn drop(&mut self) {
            self.0.write(1);
        }
    }
    harness::model(|| {
        let memory = Arc::new(Slot::empty("memory"));
        let captured = Captured(Arc::clone(&memory));
        let handle = go(move || {
            let _captured = &captured;
        });
        value(handle.join());
        assert_eq!(memory.read(), 1, "the drop of what `f` captured wrote 1");
    });
}

/// Catches an `is_finished` that returns `true` before `f` has ended or before its result is there, or `false` after
/// `true`, or that takes away what `join` waits for.
#[test]
fn is_finished_is_never_early() {
    harness::model(|| {
        let finished = Arc::new(Flag::lowered("finished"));
        let theirs = Arc::clone(&finished);
        let handle = go(move || {
            theirs.raise();
            7
        });
        if handle.is_finished() {
            assert!(
                finished.is_raised(),
                "`is_finished` returned true while `f` was running"
            );
            assert!(
                handle.is_finished(),
                "`is_finished` returned true and then false"
            );
            assert_eq!(value(handle.join()), 7);
            assert!(
                !has_waited(),
                "`is_finished` returned true, and `join` slept: it should return at once"
            );
            return;
        }
        assert_eq!(value(handle.join()), 7);
    });
}

/// Catches an `is_finished` that is `true` and then `false` because another thread asks at the same time, such as by a
/// `try_lock` that finds the lock taken.
#[test]
fn threads_that_ask_at_once_get_the_same_answer() {
    harness::model(|| {
        let handle = go(|| 7);
        if handle.is_finished() {
            let answers = both(|| handle.is_finished(), || handle.is_finished());
            assert_eq!(
                answers,
                (true, true),
                "`is_finished` had returned true before main and other called it at the same time"
            );
        }
        assert_eq!(value(handle.join()), 7);
    });
}

/// Catches an `is_finished` that waits for `f`, such as for a lock that is held while `f` runs: here `f`
/// waits for main.
#[test]
fn is_finished_does_not_wait() {
    harness::model(|| {
        let gate = Arc::new(Gate::shut("gate"));
        let theirs = Arc::clone(&gate);
        let handle = go(move || theirs.pass());
        assert!(!handle.is_finished(), "`f` is still waiting for main");
        gate.open();
        value(handle.join());
    });
}

/// Catches an `is_finished` that stays false until `join` is called: in some interleavings `f` has ended,
/// and its thread too, before main calls it.
#[test]
fn is_finished_turns_true_without_a_join() {
    let told = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let tell = Arc::clone(&told);
    harness::model(move || {
        let handle = go(|| 7);
        thread::yield_now();
        if handle.is_finished() {
            tell.store(true, Relaxed);
        }
        assert_eq!(value(handle.join()), 7);
    });
    assert!(
        told.load(Relaxed),
        "`is_finished` returned false in every interleaving, even if the thread had already ended"
    );
}

/// Catches a handle that waits when it is dropped, and one that stops `f`: `f` cannot go on before main has
/// dropped the handle, and main cannot go on before `f` has.
#[test]
fn dropping_the_handle_detaches() {
    // GR-03, except for the end of the process
    harness::model(|| {
        let gates = Arc::new((Gate::shut("main_is_done"), Gate::shut("f_is_done")));
        let theirs = Arc::clone(&gates);
        detach(go(move || {
            theirs.0.pass();
            theirs.1.open();
        }));
        gates.0.open();
        gates.1.pass();
    });
}

/// Catches a thread that waits for its result to be fetched, and a result that is dropped twice or never in
/// one of the two orders: `f` ends first, or the handle is dropped first.
#[test]
fn a_result_that_nobody_takes_is_dropped_once() {
    harness::model(|| {
        detach(go(|| track(7)));
    });
}

/// Catches a result that is returned and also dropped.
#[test]
fn a_result_that_join_gives_is_dropped_once() {
    harness::model(|| {
        let handle = go(|| track(7));
        assert_eq!(value(handle.join()), 7);
    });
}

/// Catches a wakeup that goes to the thread that called `go` instead of the thread that joins.
#[test]
fn a_handle_may_be_joined_by_another_thread() {
    harness::model(|| {
        let inner = go(|| 7);
        let outer = go(move || value(inner.join()));
        assert_eq!(value(outer.join()), 7);
    });
}

/// Catches state that two goroutines share and should not: a result or a notification goes to the wrong
/// handle.
#[test]
fn every_handle_gets_its_own_result() {
    harness::model(|| {
        let first = go(|| 1);
        let second = go(|| 2);
        assert_eq!(value(second.join()), 2);
        assert_eq!(value(first.join()), 1);
    });
}

/// Drops the handle.
fn detach<T>(_: JoinHandle<T>) {}

/// Returns what `f` returned. Fails if `f` panicked.
#[track_caller]
fn value<T>(joined: thread::Result<T>) -> T {
    match joined {
        Ok(value) => value,
        Err(_) => panic!("`join` returned `Err`, but `f` did not panic"),
    }
}
