//! What `go` and its handle do, on real threads. IDs such as GR-04 name behaviours of Go's goroutines.
//!
//! `src/race_freedom.rs` checks in every interleaving whether `join` sleeps and is woken.

use goroutine::{JoinHandle, go};
use harness::sync::real::thread::{self, refuse_after};
use harness::testing::{
    let_others_run, must_end, must_sleep_on_threads, payload_of, unwinding_if, wait_until,
    while_unwinding,
};
use std::any::Any;
use std::cell::Cell;
use std::panic::{panic_any, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, mpsc};

/// Where a thread hangs, if a test does.
const IN_JOIN: &str =
    "a thread still waits, in `join`, for a lock, or for an `f` that does not run";

/// `join` returns what `f` returned, and `Ok(())` if that is nothing.
#[test]
fn join_gives_what_f_returned() {
    must_end(IN_JOIN, || {
        let name = String::from("gopher");
        assert_eq!(value(go(move || name + "s").join()), "gophers");
        value(go(|| ()).join());
    });
}

/// The result itself cannot show whether there is a result.
#[test]
fn any_value_is_a_result() {
    must_end(IN_JOIN, || {
        assert_eq!(value(go(|| None::<u32>).join()), None);
        assert_eq!(value(go(|| Err::<(), _>("no")).join()), Err("no"));
        assert_eq!(value(go(|| [7u8; 4096]).join()), [7; 4096]);
        let boxed: Box<dyn Any + Send> = value(go(|| Box::new(7) as _).join());
        assert_eq!(boxed.downcast_ref(), Some(&7));
    });
}

/// `go` makes a thread for `f`: neither the thread that calls `go` nor the one that joins runs it.
#[test]
fn f_runs_on_a_thread_of_its_own() {
    must_end(IN_JOIN, || {
        let first = value(go(|| thread::current().id()).join());
        assert!(
            first != thread::current().id(),
            "`f` ran on the thread that called `go`, or `join`"
        );
    });
}

/// Neither side can go on without the other: a `go` that runs `f` itself, or leaves it to `join`, hangs.
#[test]
fn f_runs_beside_its_caller() {
    must_end(IN_JOIN, || {
        let (question, asked) = mpsc::channel();
        let (answer, answered) = mpsc::channel();
        let handle = go(move || {
            let n: u32 = asked.recv().expect("the caller asks");
            answer.send(n * n).expect("the caller waits for the answer");
        });
        question.send(7).expect("`f` waits for the question");
        assert_eq!(answered.recv(), Ok(49));
        value(handle.join());
    });
}

/// `join` returns the payload itself: no copy of its message, and no second box around it.
#[test]
fn join_gives_the_payload_of_the_panic() {
    // GR-04: in Go, this would end the process.
    must_end(IN_JOIN, || {
        let literal = payload(go(|| panic!("no such file")));
        assert_eq!(
            literal.downcast_ref(),
            Some(&"no such file"),
            "`join` must return the payload of panic!(\"…\"), a &str, and no box around it"
        );
        // What a `panic!` with arguments panics with, too.
        let text = String::from("page 7 is missing");
        let place = text.as_ptr() as usize;
        let owned = payload(go(move || panic_any(text)));
        assert!(
            owned
                .downcast_ref()
                .is_some_and(|text: &String| text.as_ptr() as usize == place),
            "`join` must return the payload of panic_any(text), the String itself: no copy, and no box around it"
        );
        let any = payload(go(|| panic_any(7u64)));
        assert_eq!(
            any.downcast_ref(),
            Some(&7u64),
            "`join` must return the payload of panic_any(7u64), a u64, and no box around it"
        );
        let boxed: Box<dyn Any + Send> = Box::new(7u64);
        let any = payload(go(move || panic_any(boxed)));
        assert!(
            any.is::<Box<dyn Any + Send>>(),
            "`join` must return the payload of panic_any(boxed), the box itself, and not what is in it"
        );
    });
}

/// Two goroutines panic, detached and joined: the third and the caller go on.
#[test]
fn a_panic_ends_one_goroutine_and_no_other() {
    // GR-04
    must_end(IN_JOIN, || {
        let (question, asked) = mpsc::channel();
        let bystander = go(move || asked.recv().map(|n: u32| n + 1));
        detach(go(|| resume_unwind(Box::new("detached"))));
        payload(go(|| resume_unwind(Box::new("joined"))));
        question.send(1).expect("the bystander still waits");
        assert_eq!(value(bystander.join()), Ok(2));
        assert_eq!(value(go(|| 3).join()), 3);
    });
}

/// A thread that is panicking calls `go`, asks and joins, as a destructor may: its panic is no panic of `f`. Catches
/// `thread::panicking()` taken for "`f` has panicked".
#[test]
fn a_panic_of_the_caller_is_no_panic_of_f() {
    must_end(IN_JOIN, || {
        let handle = while_unwinding(|| go(|| 7));
        assert_eq!(value(handle.join()), 7, "`go` was called while unwinding");
        while_unwinding(|| {
            let handle = go(|| 7);
            wait_until(
                "`f` returns at once, and `is_finished`, asked while unwinding, still returns false",
                || handle.is_finished(),
            );
            assert_eq!(value(handle.join()), 7, "`join` was called while unwinding");
            let slow = || {
                let_others_run();
                7
            };
            assert_eq!(
                value(go(slow).join()),
                7,
                "`join` was called while unwinding, and `f` still ran"
            );
        });
        let (end, ends) = mpsc::channel::<()>();
        let waits = go(move || ends.recv().expect_err("nothing is sent"));
        while_unwinding(|| {
            assert!(
                !waits.is_finished(),
                "`is_finished`, asked while unwinding, returned true while `f` was running"
            );
        });
        drop(end);
        drop(waits.join());
    });
}

/// `is_finished` turns true when `f` has ended, and stays true, though nobody has called `join`.
#[test]
fn is_finished_tells_whether_f_has_ended() {
    must_end(IN_JOIN, || {
        let (go_on, told) = mpsc::channel();
        let handle = go(move || {
            told.recv().expect("the caller says when");
            7
        });
        assert!(!handle.is_finished(), "`f` waits for the caller");
        assert!(!handle.is_finished(), "`f` still waits for the caller");
        go_on.send(()).expect("`f` waits");
        wait_until(
            "`f` was told to return, nobody joins, and `is_finished` still returns false",
            || handle.is_finished(),
        );
        assert!(
            handle.is_finished(),
            "`is_finished` returned true and then false"
        );
        assert_eq!(value(handle.join()), 7);
    });
}

/// `f` ends by a panic: `is_finished` turns true as after a return.
#[test]
fn a_panic_finishes_f_too() {
    must_end(IN_JOIN, || {
        let handle = go(|| -> u32 { resume_unwind(Box::new(7)) });
        wait_until(
            "`f` panics at once, and `is_finished` still returns false",
            || handle.is_finished(),
        );
        assert_eq!(
            payload(handle).downcast_ref(),
            Some(&7),
            "`join` must return the payload, a u32"
        );
    });
}

/// The handle is dropped while `f` waits for its caller: `f` runs on, even if the drop is part of a panic. Catches a
/// drop that waits for `f`.
#[test]
fn a_detached_goroutine_runs_on() {
    must_end(
        "a thread still waits, in the drop of a handle, or for what `f` does",
        || {
            for unwinding in [false, true] {
                let (go_on, told) = mpsc::channel();
                let (result, arrived) = mpsc::channel();
                let handle = go(move || {
                    let n: u32 = told.recv().expect("the caller says when");
                    result.send(n + 1).expect("the caller waits");
                });
                unwinding_if(unwinding, || detach(handle));
                go_on
                    .send(1)
                    .expect("`f` runs, even though its handle was dropped");
                assert_eq!(arrived.recv(), Ok(2));
            }
        },
    );
}

/// The thread is still there when the process of this test ends. That does not keep the process alive.
#[test]
fn nobody_waits_for_a_goroutine_that_never_ends() {
    // GR-03
    must_end(IN_JOIN, || {
        detach(go(|| {
            loop {
                thread::park();
            }
        }));
    });
}

/// `f` never ends, and a thread joins it: it sleeps.
#[test]
fn a_thread_that_joins_sleeps() {
    must_sleep_on_threads("`join`", "`f` had not ended", || {
        let never_ends = || {
            loop {
                thread::park();
            }
        };
        let _ = go::<_, ()>(never_ends).join();
    });
}

/// The thread of `f` goes on when `f` has ended: a thread-local value is dropped there, and waits until `join` has
/// returned. `join` waits for `f`, and not for its thread. Catches a `join` on std's own handle, in place of another
/// wait or after it.
#[test]
fn join_waits_for_f_and_not_for_its_thread() {
    let waits_for_the_thread =
        "`f` has ended, and `join` waits for its thread, which waits until `join` has returned";
    must_end(waits_for_the_thread, || {
        let (joined, waits) = mpsc::channel();
        let handle = go(move || LAST.set(Some(WaitsOnDrop(waits, None))));
        value(handle.join());
        drop(joined);
    });
}

/// The thread of `f` goes on when `f` has ended, until the result that nobody takes is dropped: that must not wait for the
/// end of the thread, whether the handle goes before `f` has ended or after it. Catches a result that the thread keeps.
#[test]
fn a_result_that_nobody_takes_is_not_kept_by_the_thread() {
    let kept = "`f` has ended, its handle is gone, and what it returned is not dropped before its thread ends";
    must_end(kept, || {
        for is_over in [false, true] {
            let (result, waits) = mpsc::channel::<()>();
            let (thread_ends, thread_has_ended) = mpsc::channel::<()>();
            let handle = go(move || {
                LAST.set(Some(WaitsOnDrop(waits, Some(thread_ends))));
                result
            });
            if is_over {
                wait_until("`f` has ended, and `is_finished` returns false", || {
                    handle.is_finished()
                });
            }
            detach(handle);
            thread_has_ended.recv().expect_err("nothing is sent");
        }
    });
}

/// A `Cell` may move to another thread but may not be shared: the handle requires no more than that.
#[test]
fn a_handle_may_be_joined_by_another_thread() {
    must_end(IN_JOIN, || {
        let inner = go(|| Cell::new(7));
        let outer = go(move || value(inner.join()));
        assert_eq!(value(outer.join()).get(), 7);
    });
}

#[test]
fn many_at_once_each_have_their_own_result() {
    must_end(IN_JOIN, || {
        let handles: Vec<_> = (0..64usize).map(|n| go(move || n * n)).collect();
        for (n, handle) in (0..64).zip(handles).rev() {
            assert_eq!(value(handle.join()), n * n);
        }
    });
}

/// What `f` captured is dropped before `join` returns, whether `f` returns or panics.
#[test]
fn what_f_captured_is_gone_when_join_returns() {
    struct Captured(Arc<AtomicBool>);
    impl Drop for Captured {
        fn drop(&mut self) {
            // Gives a `join` that does not wait for this drop a chance to return before it.
            let_others_run();
            self.0.store(true, Relaxed);
        }
    }

    must_end(IN_JOIN, || {
        for panics in [false, true].repeat(25) {
            let dropped = Arc::new(AtomicBool::new(false));
            let captured = Captured(Arc::clone(&dropped));
            let handle = go(move || {
                let _captured = &captured;
                if panics {
                    resume_unwind(Box::new("f panics"));
                }
            });
            assert_eq!(handle.join().is_err(), panics);
            assert!(
                dropped.load(Relaxed),
                "`join` returned before what `f` captured was dropped"
            );
        }
    });
}

/// No thread can be created: `go` panics, and `f` does not run, on no thread. The next `go` may get one
/// again. One thread is enough: if a second is refused, `f` runs and `go` returns, or neither.
#[test]
fn go_panics_if_there_is_no_thread() {
    must_end(IN_JOIN, || {
        value(go(|| 1).join());
        for threads in [0, 1] {
            let (runs, ran) = mpsc::channel();
            let mut handle = None;
            drop(payload_of(|| {
                refuse_after(threads, || {
                    handle = Some(go(move || runs.send(()).expect("it is waited for")));
                });
            }));
            let has_run = ran.recv().is_ok();
            if let Some(handle) = handle {
                assert!(threads > 0, "no thread could be created, but `go` returned");
                assert!(
                    has_run,
                    "only one thread could be created, `go` returned, and `f` has not run"
                );
                value(handle.join());
            } else {
                assert!(
                    !has_run,
                    "`go` panicked for want of a thread, and `f` has run all the same ({threads} could be created)"
                );
            }
        }
        assert_eq!(value(go(|| 2).join()), 2);
    });
}

/// Waits, when its thread ends, until the other end of the channel is gone. Then it lets go of what it was given.
struct WaitsOnDrop(mpsc::Receiver<()>, Option<mpsc::Sender<()>>);

impl Drop for WaitsOnDrop {
    fn drop(&mut self) {
        let _ = self.0.recv();
        self.1 = None;
    }
}

thread_local! {
    static LAST: Cell<Option<WaitsOnDrop>> = const { Cell::new(None) };
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

/// Returns what `f` panicked with. Fails if `f` returned.
#[track_caller]
fn payload(handle: JoinHandle<u32>) -> Box<dyn Any + Send> {
    match handle.join() {
        Ok(value) => panic!("`f` panicked, but `join` returned Ok({value})"),
        Err(payload) => payload,
    }
}
