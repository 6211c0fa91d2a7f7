//! What the docs promise, on real threads. IDs such as EG-09 name behaviours of Go's `errgroup.Group`.

use cancellation_solution::{Context, ContextError};
use err_group::{Group, TryGoError, scope};
use harness::sync::real::thread::refuse_after;
use harness::testing::{
    Counted, assert_passes_on, let_others_run, message_of, must_end, must_sleep_on_threads,
    payload_of, unwinding_if, wait_until, while_unwinding,
};
use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;

#[derive(Debug, PartialEq)]
struct Failed(&'static str);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Failed {}

const IN_GROUP: &str = "a thread is still in `scope` or `go`, or a task has not ended";

/// A group below a context of its own.
fn group<'env, T>(
    limit: Option<usize>,
    body: impl for<'scope> FnOnce(&Group<'scope, 'env, Failed>) -> Result<T, Failed>,
) -> Result<T, Arc<Failed>> {
    scope(&Context::background(), limit, body)
}

#[track_caller]
fn go<'scope>(
    group: &Group<'scope, '_, Failed>,
    task: impl FnOnce() -> Result<(), Failed> + Send + 'scope,
) {
    group.go(task).expect("there are threads");
}

/// Sleeps until the context is done.
fn wait_for_the_end(context: &Context) {
    let Err(_) = context.done().recv();
}

#[test]
fn a_group_without_tasks_returns_what_its_body_does() {
    // EG-01
    let (context, _guard) = Context::background().with_cancel();
    let not_send = Rc::new(7);
    let value = scope(&context, None, |group: &Group<Failed>| {
        assert_eq!(group.context().err(), None, "while the group is there");
        Ok((group.context().clone(), Rc::clone(&not_send)))
    });
    let (of_group, value) = value.expect("nobody has failed");
    assert_eq!(*value, 7);
    assert_eq!(
        of_group.err(),
        Some(ContextError::Canceled),
        "when `scope` has returned"
    );
    assert_eq!(context.err(), None, "the context above the group's");
    let error = group(Some(0), |_| Err::<(), _>(Failed("the body")));
    assert_eq!(error, Err(Arc::new(Failed("the body"))));
}

/// A forgotten handle of the group keeps the group's memory, and nothing else, in a destructor of a thread that unwinds, too.
#[test]
fn the_context_is_done_though_a_handle_was_forgotten() {
    // EG-06
    let forgets = || {
        group(None, |group| {
            let _forgotten = ManuallyDrop::new(group.clone());
            Ok(group.context().clone())
        })
    };
    for of_group in [forgets(), while_unwinding(forgets)] {
        assert_eq!(
            of_group.expect("nobody has failed").err(),
            Some(ContextError::Canceled),
            "when `scope` has returned, and a handle of the group was forgotten"
        );
    }
}

#[test]
fn tasks_borrow_and_what_they_did_is_there() {
    // EG-03
    must_end(IN_GROUP, || {
        let words = ["to", "be", "or", "not"];
        let mut lengths = [0; 4];
        let outcome = group(Some(2), |group| {
            for (word, length) in words.iter().zip(&mut lengths) {
                go(group, move || {
                    *length = word.len();
                    Ok(())
                });
            }
            Ok(())
        });
        assert_eq!(outcome, Ok(()));
        assert_eq!(lengths, [2, 2, 2, 3], "what the tasks wrote");
    });
}

/// The task that is started first fails last.
#[test]
fn the_first_to_fail_counts_and_not_the_first_started() {
    // EG-02, EG-04, EG-06
    must_end(IN_GROUP, || {
        let mut of_group = None;
        let error = group(None, |group| {
            of_group = Some(group.context().clone());
            for _ in 0..3 {
                let context = group.context().clone();
                go(group, move || {
                    wait_for_the_end(&context);
                    Err(Failed("told"))
                });
            }
            go(group, || Err(Failed("first")));
            Ok(())
        });
        let error = error.expect_err("four tasks have failed");
        assert_eq!(*error, Failed("first"));
        let context = of_group.expect("the body has run");
        assert_eq!(
            context.err(),
            Some(ContextError::Canceled),
            "the error of the context"
        );
        let cause = context.cause().expect("it is done");
        assert_eq!(
            cause.downcast_ref(),
            Some(&*error),
            "the cause of the context"
        );
    });
}

#[test]
fn a_failure_reaches_nobody_above() {
    must_end(IN_GROUP, || {
        let (parent, _guard) = Context::background().with_cancel();
        let outcome = scope(&parent, None, |group| {
            go(group, || Err(Failed("the task")));
            wait_for_the_end(group.context());
            Ok(())
        });
        assert_eq!(outcome, Err(Arc::new(Failed("the task"))));
        assert_eq!(parent.err(), None, "the context above the group's");
    });
}

/// The parent is done first, and then a task fails: the context keeps the parent's reason, and the task's error is
/// the group's all the same. In a group below a context that is done already nobody has failed, and tasks are started
/// as in any other.
#[test]
fn a_parent_that_is_cancelled_reaches_the_tasks() {
    must_end(IN_GROUP, || {
        let (parent, guard) = Context::background().with_cancel();
        let outcome = scope(&parent, None, |group| {
            let context = group.context().clone();
            go(group, move || {
                wait_for_the_end(&context);
                Err(Failed("told"))
            });
            let cause = Arc::new(Failed("the parent's cause"));
            guard.cancel_with(ContextError::DeadlineExceeded, Some(cause));
            Ok(group.context().clone())
        });
        let Err(error) = outcome else {
            panic!(
                "the parent was cancelled first, then a task failed: `scope` should return its error, and returned Ok"
            );
        };
        assert_eq!(*error, Failed("told"), "the task's error");
        let ran = AtomicUsize::new(0);
        let outcome = scope(&parent, Some(2), |group: &Group<Failed>| {
            let error = group.context().err();
            assert_eq!(
                error,
                Some(ContextError::DeadlineExceeded),
                "below one that is done"
            );
            let cause = group.context().cause().map(|cause| cause.to_string());
            assert_eq!(cause.as_deref(), Some("the parent's cause"));
            let task = || {
                ran.fetch_add(1, SeqCst);
                Ok(())
            };
            go(group, task);
            let started = group.try_go(task);
            assert!(
                started.is_ok(),
                "`try_go`, with one of two slots free and a context that is done: {started:?}"
            );
            Ok(())
        });
        assert_eq!(outcome, Ok(()), "a context that is done is no failure");
        assert_eq!(
            ran.load(SeqCst),
            2,
            "tasks that ran, of two that were started below a context that is done"
        );
    });
}

/// A task has failed, and then one is started by `try_go`, and three that wait for each other: the limit is still three.
#[test]
fn tasks_are_started_after_a_failure_too() {
    must_end(IN_GROUP, || {
        let (ran, all) = (AtomicUsize::new(0), Barrier::new(3));
        let outcome = group(Some(3), |group| {
            go(group, || Err(Failed("first")));
            wait_for_the_end(group.context());
            wait_until("a task has failed, and `try_go` starts no other", || {
                group.try_go(|| Ok(())).is_ok()
            });
            for _ in 0..3 {
                go(group, || {
                    all.wait();
                    ran.fetch_add(1, SeqCst);
                    Err(Failed("later"))
                });
            }
            Ok(())
        });
        assert_eq!(outcome, Err(Arc::new(Failed("first"))));
        assert_eq!(
            ran.load(SeqCst),
            3,
            "tasks that ran though the context was done"
        );
    });
}

/// A task panics alone, the body panics before a task, and a task panics before the body: each time `scope` resumes
/// the first panic, with the payload itself.
#[test]
fn a_panic_goes_on_with_its_payload() {
    // EG-14, as it is in Rust
    must_end(IN_GROUP, || {
        assert_passes_on(|raise| {
            let _ = group(Some(1), |group| {
                go(group, move || raise());
                Ok(())
            });
        });
        assert_passes_on(|raise| {
            let _ = group(None, |group| -> Result<(), _> {
                let context = group.context().clone();
                go(group, move || {
                    wait_for_the_end(&context);
                    panic!("told");
                });
                raise();
            });
        });
        assert_passes_on(|raise| {
            let _ = group(None, |group| -> Result<(), _> {
                go(group, move || raise());
                wait_for_the_end(group.context());
                panic!("the body's, which is told");
            });
        });
    });
}

#[test]
fn a_panic_is_not_lost_behind_an_error() {
    must_end(IN_GROUP, || {
        let of_group = Cell::new(None);
        assert_passes_on(|raise| {
            let outcome = group(None, |group| -> Result<(), _> {
                of_group.set(Some(group.context().clone()));
                let context = group.context().clone();
                go(group, move || {
                    wait_for_the_end(&context);
                    raise();
                });
                Err(Failed("first"))
            });
            panic!("a task has panicked, and `scope` returned {outcome:?}");
        });
        let cause = of_group.take().and_then(|context| context.cause());
        let cause = cause.map(|cause| cause.to_string());
        assert_eq!(
            cause.as_deref(),
            Some("first"),
            "the cause is what failed first"
        );
    });
}

/// What the body has returned is dropped, and so is what the tasks owned.
#[test]
fn everything_is_dropped_when_it_goes_wrong() {
    must_end(IN_GROUP, || {
        let before = Counted::drops();
        let outcome = group(Some(3), |group| {
            go(group, || Err(Failed("the task")));
            wait_for_the_end(group.context());
            Ok(Counted)
        });
        assert!(outcome.is_err(), "the task has failed");
        assert_eq!(Counted::drops() - before, 1, "values dropped: the body's");
        let panic = payload_of(|| {
            let _ = group(Some(3), |group| {
                go(group, || panic!("the task"));
                wait_for_the_end(group.context());
                Ok(Counted)
            });
        });
        assert!(panic.is_some(), "the task has panicked");
        assert_eq!(
            Counted::drops() - before,
            2,
            "values dropped: the body's, twice"
        );
    });
}

/// Something has failed, and then a task or the body fails, too: all by errors, or all by panics. The later error or payload is
/// dropped while the group goes on, and without the group's lock: its destructor waits here for a task that calls `try_go`.
#[test]
fn what_fails_later_is_dropped_without_a_lock() {
    type Message = mpsc::Sender<mpsc::Sender<()>>;
    #[derive(Debug)]
    struct Slow(Option<Message>);
    impl Drop for Slow {
        fn drop(&mut self) {
            if let Some(task) = self.0.take() {
                let (reply, replied) = mpsc::channel();
                task.send(reply).expect("the task waits");
                replied.recv().expect("the task replies");
            }
        }
    }
    impl fmt::Display for Slow {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("slow")
        }
    }
    impl Error for Slow {}

    fn check(panics: bool, by_body: bool) {
        let fail = move |with| match panics {
            true => resume_unwind(Box::new(with)),
            false => Err(with),
        };
        let is_refused = AtomicBool::new(false);
        let fails = AssertUnwindSafe(|| {
            scope(&Context::background(), None, |group| {
                group
                    .go(move || fail(Slow(None)))
                    .expect("there are threads");
                wait_for_the_end(group.context());
                let (to_task, is_dropped) = mpsc::channel();
                let (starts, is_refused) = (group.clone(), &is_refused);
                let replies = move || {
                    let reply: mpsc::Sender<()> = is_dropped.recv().expect("it is dropped");
                    let refused = refuse_after(0, || starts.try_go(|| panic!("it has no thread")));
                    is_refused.store(refused.is_err(), SeqCst);
                    reply.send(()).expect("it waits for that");
                    Ok(())
                };
                group.go(replies).expect("there are threads");
                let later = Slow(Some(to_task));
                if by_body {
                    return fail(later);
                }
                group.go(move || fail(later)).expect("there are threads");
                Ok(())
            })
        });
        let outcome = catch_unwind(fails);
        assert_eq!(outcome.is_err(), panics, "whether `scope` has panicked");
        assert!(
            is_refused.into_inner(),
            "no thread could be had, and `try_go` returned Ok"
        );
    }

    for (panics, what) in [(false, "error"), (true, "payload")] {
        for (by_body, whose) in [(false, "a task"), (true, "the body")] {
            let kept = format!(
                "the group keeps the later {what} of {whose}, or `try_go` waits until it is dropped"
            );
            must_end(&kept, move || check(panics, by_body));
        }
    }
}

/// A panic goes before an error that was first. The error is dropped by then, with everything that has it: it is the cause of
/// the group's context, too. So is what the body returned. A destructor that looks whether its thread unwinds, as that of
/// a transaction does, must not be misled.
#[test]
fn everything_is_dropped_before_a_panic_goes_on() {
    #[derive(Debug)]
    struct Notes(&'static str, Arc<Mutex<Vec<(&'static str, bool)>>>);
    impl Drop for Notes {
        fn drop(&mut self) {
            let is_unwinding = thread::panicking();
            self.1.lock().unwrap().push((self.0, is_unwinding));
        }
    }
    impl fmt::Display for Notes {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }
    impl Error for Notes {}

    must_end(IN_GROUP, || {
        let dropped = Arc::new(Mutex::new(Vec::new()));
        let panic = payload_of(|| {
            let _ = scope(&Context::background(), Some(1), |group| {
                let error = Notes("the error", Arc::clone(&dropped));
                group.go(|| Err(error)).expect("there are threads");
                group.go(|| panic!("a task's")).expect("there are threads");
                Ok(Notes("what the body returned", Arc::clone(&dropped)))
            });
        });
        assert!(panic.is_some(), "a task has panicked");
        let mut dropped = dropped.lock().unwrap().clone();
        dropped.sort_unstable();
        assert_eq!(
            dropped,
            [("the error", false), ("what the body returned", false)],
            "what was dropped, and whether the thread was unwinding then"
        );
    });
}

/// In a destructor `thread::panicking()` is true, whether or not anybody in the group has panicked.
#[test]
fn a_group_works_while_its_thread_unwinds() {
    must_end(IN_GROUP, || {
        let outcome = while_unwinding(|| {
            group(Some(1), |group| {
                let context = group.context().clone();
                go(group, move || {
                    let_others_run();
                    assert_eq!(context.err(), None, "nobody has failed");
                    Err(Failed("the task"))
                });
                Ok(())
            })
        });
        assert_eq!(outcome, Err(Arc::new(Failed("the task"))));
        let panic = while_unwinding(|| {
            payload_of(|| {
                let _ = group(None, |group| {
                    go(group, || panic!("the task"));
                    Ok(())
                });
            })
        });
        assert!(panic.is_some(), "a task has panicked, and `scope` returned");
        let panic = while_unwinding(|| {
            payload_of(|| {
                let _ = group(None, |group| -> Result<(), _> {
                    let context = group.context().clone();
                    go(group, move || {
                        wait_for_the_end(&context);
                        Ok(())
                    });
                    panic!("the body, which is to cancel the context");
                });
            })
        });
        assert!(
            panic.is_some(),
            "the body has panicked, and `scope` returned"
        );
    });
}

/// A thousand tasks, ten at a time: never more than ten count themselves, and never more than ten need a thread.
#[test]
fn never_more_than_the_limit_run() {
    // EG-07
    must_end(IN_GROUP, || {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (running, most) = (&running, &most);
        let outcome = group(Some(10), |group| {
            for n in 0..1025 {
                let started = group.go(move || {
                    most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                    thread::yield_now();
                    running.fetch_sub(1, SeqCst);
                    if n % 3 == 0 {
                        Err(Failed("every third"))
                    } else {
                        Ok(())
                    }
                });
                assert!(
                    started.is_ok(),
                    "no thread for task {n}, though at most 10 run: a kept handle keeps the stack of a thread \
                     that has ended"
                );
            }
            Ok(())
        });
        assert!(outcome.is_err());
        let most = most.load(SeqCst);
        assert!(most <= 10, "{most} tasks ran at the same time, and 10 may");
    });
}

/// 300 tasks wait for each other, so all of them must run at once: a limit may be as large as a `usize`.
#[test]
fn as_many_run_as_the_limit_allows() {
    // EG-11, EG-12
    let beyond_u32 = usize::try_from(1_u64 << 32).unwrap_or(usize::MAX);
    for limit in [Some(300), Some(beyond_u32), Some(usize::MAX), None] {
        let hangs = format!("300 tasks should run at once, with a limit of {limit:?}, and do not");
        must_end(&hangs, move || {
            let all = Barrier::new(300);
            let outcome = group(limit, |group| {
                for _ in 0..300 {
                    go(group, || {
                        all.wait();
                        Ok(())
                    });
                }
                Ok(())
            });
            assert_eq!(outcome, Ok(()));
        });
    }
}

#[test]
fn try_go_hands_the_task_back_at_the_limit() {
    // EG-09
    must_end(IN_GROUP, || {
        let ran = AtomicUsize::new(0);
        let outcome = group(Some(256), |group| {
            for n in 1..=256 {
                let (context, ran) = (group.context().clone(), &ran);
                let started = group.try_go(move || {
                    wait_for_the_end(&context);
                    ran.fetch_add(1, SeqCst);
                    Ok(())
                });
                assert!(started.is_ok(), "task {n} of 256");
            }
            for _ in 0..3 {
                let Err(TryGoError::Full(_)) = group.try_go(|| Ok(())) else {
                    panic!("256 tasks are running, of 256, and `try_go` started one more");
                };
            }
            let (name, called) = (String::from("mine"), AtomicUsize::new(0));
            let full = group.try_go(move || {
                called.fetch_add(name.len(), SeqCst);
                Err(Failed("called by hand"))
            });
            let Err(TryGoError::Full(handed_back)) = full else {
                panic!("256 tasks are running, of 256");
            };
            assert_eq!(
                handed_back(),
                Err(Failed("called by hand")),
                "the task itself comes back"
            );
            Err::<(), _>(Failed("enough"))
        });
        assert_eq!(outcome, Err(Arc::new(Failed("enough"))));
        assert_eq!(ran.load(SeqCst), 256, "tasks that ran");
    });
}

/// Four times as many tasks as there are slots run one after the other: of four one returns, one fails, one panics and one
/// gets no thread. Each gives its slot back, so that as many run at once as the limit allows when all of them have ended.
#[test]
fn a_slot_is_free_again_when_its_task_has_ended() {
    // EG-09, EG-13
    for limit in [1, 3, 20] {
        let hangs = format!("a slot is not given back, of {limit}, or a task has not ended");
        must_end(&hangs, move || {
            let all = Barrier::new(limit);
            let panics = || resume_unwind(Box::new("the task's"));
            let payload = payload_of(|| {
                let _ = group(Some(limit), |group| {
                    for _ in 0..=limit {
                        go(group, || Ok(()));
                        go(group, || Err(Failed("the task")));
                        go(group, panics);
                        let refused = refuse_after(0, || group.go(|| panic!("it has no thread")));
                        assert!(
                            refused.is_err(),
                            "no thread could be had, and `go` returned Ok"
                        );
                    }
                    wait_until("no slot is free, and all tasks have ended", || {
                        group.try_go(|| Ok(())).is_ok()
                    });
                    for _ in 0..limit {
                        go(group, || {
                            all.wait();
                            Ok(())
                        });
                    }
                    Ok(())
                });
            });
            let payload = payload.expect("tasks have panicked, and `scope` returned");
            assert_eq!(message_of(&*payload), "the task's", "what `scope` resumed");
        });
    }
}

/// A task needs one thread, and no more are asked for: with one to be had it is started, by `go` and by `try_go`, and runs.
#[test]
fn one_thread_is_enough_for_a_task() {
    must_end(IN_GROUP, || {
        let ran = AtomicUsize::new(0);
        let outcome = group(None, |group| {
            let task = || {
                ran.fetch_add(1, SeqCst);
                Ok(())
            };
            let started = refuse_after(1, || group.go(task));
            assert!(
                started.is_ok(),
                "`go`, with one thread to be had: {started:?}"
            );
            let started = refuse_after(1, || group.try_go(task));
            assert!(
                started.is_ok(),
                "`try_go`, with one thread to be had: {started:?}"
            );
            Ok(())
        });
        assert_eq!(outcome, Ok(()));
        assert_eq!(ran.load(SeqCst), 2, "tasks that ran");
    });
}

#[test]
fn with_a_limit_of_zero_nothing_can_be_started() {
    // EG-10
    let outcome = group(Some(0), |group| {
        for n in 0..1024 {
            let tries = || group.try_go(|| panic!("it was started"));
            let full = if n == 0 {
                while_unwinding(tries)
            } else {
                tries()
            };
            assert!(
                matches!(full, Err(TryGoError::Full(_))),
                "the limit is zero"
            );
        }
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
}

/// There is no slot, as the limit is zero or its only task runs: `go` falls asleep, in a destructor of a thread that unwinds,
/// too.
#[test]
fn go_sleeps_while_there_is_no_slot() {
    // EG-08, EG-10
    for (limit, because) in [(0, "the limit is zero"), (1, "one task is running, of one")] {
        let waits = move |unwinds| {
            // Dropped when `go` returns: then the task ends, and with it the group.
            let (stays, told) = mpsc::channel::<()>();
            let _ = group(Some(limit), move |group| {
                let _stays = stays;
                if limit > 0 {
                    go(group, move || {
                        let _ = told.recv();
                        Ok(())
                    });
                }
                let waits = || group.go(|| Ok(())).map_err(|_| Failed("no thread"));
                unwinding_if(unwinds, waits)
            });
        };
        must_sleep_on_threads("`go`", because, move || waits(false));
        let call = "`go`, while its thread unwinds,";
        must_sleep_on_threads(call, because, move || waits(true));
    }
}

/// Four threads wait for a slot, and two slots come free at once, again and again. Each slot that is given back has to wake a
/// thread that waits, even if there is another free slot by then.
#[test]
fn everybody_who_waits_for_a_slot_gets_one() {
    // EG-08
    must_end(IN_GROUP, || {
        for _ in 0..50 {
            let (ran, all) = (AtomicUsize::new(0), Barrier::new(2));
            let outcome = group(Some(2), |group| {
                for _ in 0..2 {
                    go(group, || {
                        all.wait();
                        Ok(())
                    });
                }
                thread::scope(|s| {
                    for _ in 0..4 {
                        s.spawn(|| {
                            go(group, || {
                                ran.fetch_add(1, SeqCst);
                                Ok(())
                            });
                        });
                    }
                });
                Ok(())
            });
            assert_eq!(outcome, Ok(()));
            assert_eq!(ran.load(SeqCst), 4, "tasks that ran");
        }
    });
}

/// The limit is two, and one task runs. Those that get no thread are dropped, and nobody has failed; then there is a slot
/// for one more task, and no other.
#[test]
fn a_task_without_a_thread_is_dropped_and_is_no_failure() {
    must_end(IN_GROUP, || {
        let outcome = group(Some(2), |group| {
            let starts_one_that_stays = || {
                let context = group.context().clone();
                group.try_go(move || {
                    wait_for_the_end(&context);
                    Ok(())
                })
            };
            assert!(starts_one_that_stays().is_ok(), "both slots are free");
            let owned = Arc::new(());
            for _ in 0..3 {
                let mine = Arc::clone(&owned);
                let refused = refuse_after(0, || group.go(move || panic!("it ran: {mine:?}")));
                assert!(
                    refused.is_err(),
                    "no thread could be had, and `go` returned Ok"
                );
                // Twice: `try_go` says what `go` would sleep for, a slot that a refused call has kept.
                for _ in 0..2 {
                    let mine = Arc::clone(&owned);
                    let refused =
                        refuse_after(0, || group.try_go(move || panic!("it ran: {mine:?}")));
                    let Err(TryGoError::NoThread(_)) = refused else {
                        panic!("a slot is free and no thread could be had: not {refused:?}");
                    };
                }
            }
            assert_eq!(Arc::strong_count(&owned), 1, "the tasks are dropped");
            assert_eq!(group.context().err(), None, "nobody has failed");
            assert!(starts_one_that_stays().is_ok(), "the slot is free");
            assert!(
                matches!(starts_one_that_stays(), Err(TryGoError::Full(_))),
                "the limit is two, and two tasks run: `try_go` started one more"
            );
            Err::<(), _>(Failed("enough"))
        });
        assert_eq!(outcome, Err(Arc::new(Failed("enough"))));
    });
}

/// Each starts two more, with handles of their own.
#[test]
fn tasks_start_tasks() {
    fn branch<'scope>(
        group: &Group<'scope, '_, Failed>,
        depth: u32,
        leaves: &'scope Mutex<Vec<u32>>,
    ) {
        for _ in 0..2 {
            let again = group.clone();
            go(group, move || {
                match depth {
                    0 => leaves.lock().unwrap().push(depth),
                    _ => branch(&again, depth - 1, leaves),
                }
                Ok(())
            });
        }
    }
    must_end(IN_GROUP, || {
        let leaves = Mutex::new(Vec::new());
        let outcome = group(None, |group| {
            branch(group, 4, &leaves);
            Ok(())
        });
        assert_eq!(outcome, Ok(()));
        assert_eq!(
            leaves.into_inner().unwrap().len(),
            32,
            "leaves of a tree of depth 5"
        );
    });
}
