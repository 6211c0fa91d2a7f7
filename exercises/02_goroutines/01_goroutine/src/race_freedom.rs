//! Every interleaving of a few small programs. IDs such as GR-02 name behaviours of Go's goroutines.

use crate::sync::thread;
use crate::{JoinHandle, go};
use harness::leaks::track;
use harness::testing::{
    Flag, Gate, Slot, both, let_others_sleep, must_sleep, must_sleep_again, never_waits,
};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Whichever comes first, the result or `join`: no wakeup may be lost between the look of `join` and its
/// sleep. Catches a lost wakeup in any form: main checks and sees no result, `f` ends and notifies no thread,
/// main falls asleep. Also catches a `join` that sleeps without a check, if `f` ends first.
#[test]
fn join_gives_the_value() {
    harness::model(|| {
        let handle = go(|| 7);
        assert_eq!(value(handle.join()), 7);
    });
}

/// A panic ends `f` as a return does: it wakes `join`, which returns the payload itself. Catches a panic that
/// loses the notification, or what `f` wrote before it, or the payload.
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
        assert!(
            !payload.is::<String>(),
            "`join` must return the payload of panic!(\"no answer\"), a &str, but it returned a String"
        );
        assert_eq!(
            payload.downcast_ref(),
            Some(&"no answer"),
            "`join` must return the payload of panic!(\"no answer\"), a &str, and no box around it"
        );
        assert_eq!(memory.read(), 1);
    });
}

/// `f` never ends, so `join` may not return, and has to sleep. Catches a `join` that gives up, and one that
/// spins.
#[test]
fn join_sleeps_while_f_runs() {
    must_sleep("`join`", "`f` had not ended", || {
        let handle = go(|| Gate::shut("never").pass());
        let _ = handle.join();
        // Without this a return would be a deadlock, too: `f` sleeps.
        panic!("`join` returned, and `f` had not ended");
    });
}

/// `join` wakes up for no reason, up to three times, before there is a result: it has to look, and sleep again.
/// Catches `if` in place of `while`, and a `while` that ends after some turns, or spins from the second on.
#[test]
fn a_spurious_wakeup_does_not_end_join() {
    harness::Model::new().spurious_wakeups(3).check(|| {
        // A sleeper wakes up again only when another thread has taken a step.
        let handle = go(|| {
            let_others_sleep(3);
            7
        });
        assert_eq!(value(handle.join()), 7);
    });
    must_sleep_again("`join`", |steps| value(go(steps).join()));
}

/// A weak exchange may fail though the value is the expected one: such a failure says nothing about the
/// result. Catches code that takes it for a result that is there, or goes to sleep where `f` does not see it.
#[test]
fn an_exchange_that_fails_spuriously_is_tried_again() {
    harness::Model::new().spurious_failures(1).check(|| {
        let handle = go(|| 7);
        assert_eq!(value(handle.join()), 7);
    });
}

/// Plain memory, written by main, then by `f`, then read by main: `go` and `join` have to order the three.
/// Catches a `join` that returns because of a check that orders nothing, such as that of a Relaxed flag.
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

/// What `f` captured is dropped before its result is there: `join` returns after both. Catches a result that
/// is stored too soon.
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

/// When `is_finished` returns true, `f` has ended and its result is in place: `join` returns it at once, and
/// `is_finished` stays true. Catches a `true` that comes before one of the two, a `false` after `true`, and
/// an answer that takes away what `join` waits for.
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
            let call = "`join`, called when `is_finished` had returned true,";
            assert_eq!(value(never_waits(call, || handle.join())), 7);
            return;
        }
        assert_eq!(value(handle.join()), 7);
    });
}

/// `is_finished` stays true to every thread, even while another is asking. Catches a `true` that turns
/// `false` because another thread asks at the same time, such as by a `try_lock` that finds the lock taken.
#[test]
fn threads_that_ask_at_once_get_the_same_answer() {
    harness::model(|| {
        let handle = go(|| 7);
        if handle.is_finished() {
            let answers = both(|| handle.is_finished(), || handle.is_finished());
            assert!(
                answers == (true, true),
                "`is_finished` had returned true; then two threads asked at the same time, and got {answers:?}"
            );
        }
        assert_eq!(value(handle.join()), 7);
    });
}

/// `f` waits for main, and main asks `is_finished`, which has to answer without waiting for `f`. Catches one
/// that waits for a lock that is held while `f` runs.
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

/// When `f` has ended, `is_finished` returns true, even if nobody has called `join`. In some interleavings
/// the thread has ended before main asks.
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

/// Main drops the handle while `f` waits for main: the drop waits for nothing, and `f` runs on. Catches a
/// handle that waits when it is dropped, and one that stops `f`: `f` cannot go on before main has dropped the
/// handle, and main cannot go on before `f` has.
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

/// Nobody joins: the thread ends without waiting for that, and the last of the two to let go, the thread or
/// the handle, drops the result. Catches a thread that waits for its result to be fetched, and a result that
/// is dropped twice or never in one of the two orders.
#[test]
fn a_result_that_nobody_takes_is_dropped_once() {
    harness::model(|| {
        detach(go(|| track(7)));
    });
}

/// `join` gives the result away, and so nothing else may drop it. Catches a result that is returned and also
/// dropped.
#[test]
fn a_result_that_join_gives_is_dropped_once() {
    harness::model(|| {
        let handle = go(|| track(7));
        assert_eq!(value(handle.join()), 7);
    });
}

/// Main calls `go`, and another thread joins: the end of `f` has to wake the thread that joins, not the one
/// that called `go`.
#[test]
fn a_handle_may_be_joined_by_another_thread() {
    harness::model(|| {
        let inner = go(|| 7);
        let outer = go(move || value(inner.join()));
        assert_eq!(value(outer.join()), 7);
    });
}

/// Two goroutines share nothing: each handle gets its own result, and its own wakeup. Catches a result or a
/// notification that goes to the wrong handle.
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
