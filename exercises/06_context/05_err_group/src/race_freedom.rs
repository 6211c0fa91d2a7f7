//! Models: each explores every interleaving of a body, which runs in main, and one to three tasks. IDs such as
//! EG-03 name behaviours of Go's `errgroup.Group`.

use crate::cancellation::{Cause, Context, ContextError};
use crate::sync::task::Arc;
use crate::sync::thread::refuse_after;
use crate::{Group, TryGoError, scope};
use harness::leaks::{Tracked, track};
use harness::testing::{
    Gate, Slot, both, let_others_sleep, must_sleep, must_sleep_again, staged_panic, staged_panic_of,
};
use harness::{Model, model};
use std::error::Error;
use std::fmt;

/// What goes wrong in these programs, and whose it is.
#[derive(Debug)]
struct Failed(
    &'static str,
    #[allow(dead_code, reason = "it is dropped")] Tracked<()>,
);

impl Failed {
    fn of(whose: &'static str) -> Self {
        Self(whose, track(()))
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Failed {}

/// The cause of a context that a panic has cancelled, as it is displayed.
const PANICKED: &str = "context canceled";

/// A group below a context of its own.
fn group<'env, T>(
    limit: Option<usize>,
    body: impl for<'scope> FnOnce(&Group<'scope, 'env, Failed>) -> Result<T, Failed>,
) -> Result<T, Arc<Failed>> {
    scope(&Context::background(), limit, body)
}

/// Starts a task, for which there is a thread.
#[track_caller]
fn go<'scope>(
    group: &Group<'scope, '_, Failed>,
    task: impl FnOnce() -> Result<(), Failed> + Send + 'scope,
) {
    group.go(task).expect("there are threads");
}

/// Sleeps until the group's context is done.
fn wait_for_the_end(context: &Context) {
    let Err(_) = context.done().recv();
}

/// Whose error or panic has come out of a group.
fn whose<T>(outcome: impl FnOnce() -> Result<T, Arc<Failed>>) -> Option<&'static str> {
    let mut error = None;
    let panic = staged_panic_of(|| error = outcome().err().map(|error| error.0));
    panic.or(error)
}

/// Two tasks write, and the body returns at once. `scope` returns after both, and what they wrote is there.
#[test]
fn the_group_ends_after_its_tasks() {
    // EG-03
    model(|| {
        let (one, two) = (Slot::empty("one"), Slot::empty("two"));
        let value = group(None, |group| {
            go(group, || {
                one.write(1);
                Ok(())
            });
            go(group, || {
                two.write(2);
                Ok(())
            });
            Ok(7)
        });
        assert!(matches!(value, Ok(7)), "what the body has returned");
        assert_eq!((one.read(), two.read()), (1, 2), "what the tasks wrote");
    });
}

/// A task starts another one, perhaps after the body has returned. `scope` returns after that one, too, and
/// its error counts.
#[test]
fn a_task_may_start_another() {
    // EG-03
    model(|| {
        let slot = Slot::empty("slot");
        let outcome = whose(|| {
            group(None, |group| {
                let again = group.clone();
                go(group, || {
                    let group = again;
                    go(&group, || {
                        slot.write(7);
                        Err(Failed::of("the later task"))
                    });
                    Ok(())
                });
                Ok(())
            })
        });
        assert_eq!(slot.read(), 7, "what the later task wrote");
        assert_eq!(
            outcome,
            Some("the later task"),
            "whose error `scope` should return"
        );
    });
}

/// The body waits for the context, and a task fails. The body is told, finds the task's error as the cause, and
/// returns an error of its own, which comes too late.
#[test]
fn the_first_error_cancels_the_others() {
    // EG-02, EG-04, EG-15
    model(|| {
        let outcome = whose(|| {
            group(None, |group| -> Result<(), _> {
                go(group, || Err(Failed::of("the first")));
                wait_for_the_end(group.context());
                let cause = group.context().cause().map(|cause| cause.to_string());
                assert_eq!(
                    cause.as_deref(),
                    Some("the first"),
                    "the cause, once it is done"
                );
                Err(Failed::of("the one that was told"))
            })
        });
        assert_eq!(
            outcome,
            Some("the first"),
            "whose error `scope` should return"
        );
    });
}

/// A task and the body fail at the same time. `scope` returns the error of one of them, and that same error is
/// the cause of the context, in every interleaving. Both are dropped once.
#[test]
fn the_error_that_is_returned_is_the_cause() {
    // EG-02, EG-06
    model(|| {
        let mut context = None;
        let outcome = group(None, |group| -> Result<(), _> {
            context = Some(group.context().clone());
            go(group, || Err(Failed::of("the task")));
            Err(Failed::of("the body"))
        });
        let error = outcome.expect_err("both have failed");
        let cause = context
            .expect("the body has run")
            .cause()
            .expect("it is done");
        assert!(
            Arc::ptr_eq(&(error.clone() as Cause), &cause),
            "`scope` returned the error of {error}, and the cause is that of {cause}"
        );
    });
}

/// A task waits for the context, and the body returns an error. It counts at once, and not when the tasks have ended:
/// the task is told, and `scope` returns the error.
#[test]
fn an_error_of_the_body_cancels_the_tasks() {
    // EG-04
    model(|| {
        let outcome = whose(|| {
            group(None, |group| {
                let context = group.context().clone();
                go(group, move || {
                    wait_for_the_end(&context);
                    Err(Failed::of("the one that was told"))
                });
                Err::<(), _>(Failed::of("the body"))
            })
        });
        assert_eq!(
            outcome,
            Some("the body"),
            "whose error `scope` should return"
        );
    });
}

/// The body waits for the context, and a task panics. The body is told, and what it returns does not hide the
/// panic. Error and cause of the context are `Canceled`.
#[test]
fn a_panic_cancels_the_others() {
    // EG-14, as it is in Rust
    model(|| {
        let mut of_group = None;
        let outcome = whose(|| {
            group(None, |group| {
                of_group = Some(group.context().clone());
                go(group, || staged_panic("the task's"));
                wait_for_the_end(group.context());
                Ok(())
            })
        });
        assert_eq!(
            outcome,
            Some("the task's"),
            "whose panic `scope` should resume"
        );
        // Not in the body: a panic there comes second, and is dropped.
        let of_group = of_group.expect("the body has run");
        assert_eq!(of_group.err(), Some(ContextError::Canceled));
        let cause = of_group.cause().expect("it is done");
        assert_eq!(
            cause.downcast_ref(),
            Some(&ContextError::Canceled),
            "the cause, which should be the error itself, and says: {cause}"
        );
    });
}

/// The body panics while a task waits for the context. The panic counts at once, so the task is told, and the panic
/// goes on when the task has ended.
#[test]
fn a_panic_of_the_body_cancels_the_tasks() {
    // EG-14, as it is in Rust
    model(|| {
        let told = Slot::empty("told");
        let outcome = whose(|| {
            group(None, |group| -> Result<(), _> {
                let context = group.context().clone();
                let told = &told;
                go(group, move || {
                    wait_for_the_end(&context);
                    told.write(1);
                    Ok(())
                });
                staged_panic("the body's")
            })
        });
        assert_eq!(
            outcome,
            Some("the body's"),
            "whose panic `scope` should resume"
        );
        assert_eq!(told.read(), 1, "the task has ended");
    });
}

/// The body fails and a task panics at the same time. Whichever is first, the panic is not lost; the error is
/// dropped.
#[test]
fn a_panic_goes_before_an_error() {
    // EG-14, as it is in Rust
    model(|| {
        let outcome = whose(|| {
            group(None, |group| -> Result<(), _> {
                go(group, || staged_panic("the panic's"));
                Err(Failed::of("the error's"))
            })
        });
        assert_eq!(
            outcome,
            Some("the panic's"),
            "what should come of the group"
        );
    });
}

/// The limit is two. The body fails, and so does a task; beside them another task looks for a slot. If it finds
/// one and the context not done, the first task has ended and was not the first to fail: the body was. So the
/// cause is the body's, and what the other task does after that comes too late. `fails` is
/// how the body fails, and how that task does.
///
/// A preemption between the body's failure and its cancellation is all it takes. So the model explores at most two.
fn the_slot_tells_who_was_first(fails: [fn() -> Result<(), Failed>; 2], cause: &'static str) {
    let [body_fails, other_fails] = fails;
    Model::new().preemption_bound(2).check(move || {
        let (mut body_was_first, mut of_group) = (false, None);
        let outcome = whose(|| {
            group(Some(2), |group| {
                of_group = Some(group.context().clone());
                go(group, || staged_panic("a task's"));
                let (own, body_was_first) = (group.clone(), &mut body_was_first);
                go(group, move || {
                    let refused = refuse_after(0, || own.try_go(|| panic!("it has no thread")));
                    if let Err(TryGoError::Full(_)) = refused {
                        return Ok(());
                    }
                    *body_was_first = own.context().err().is_none();
                    other_fails()
                });
                body_fails()
            })
        });
        if body_was_first {
            let of_group = of_group.expect("the body has run");
            let found = of_group.cause().map(|cause| cause.to_string());
            assert_eq!(
                found.as_deref(),
                Some(cause),
                "the cause of the context: the body was the first to fail, as the task that panicked had given \
                 back its slot, and the context was not done; a failure that comes later changes nothing"
            );
            if cause == PANICKED {
                assert_eq!(
                    outcome,
                    Some("the body's"),
                    "whose panic `scope` should resume: the body was the first to fail"
                );
            }
        }
    });
}

/// The body panics first, then a task, and then another returns an error: one that comes after a panic is not the
/// cause of the context.
#[test]
fn a_panic_that_was_first_has_no_error_as_its_cause() {
    // EG-14, as it is in Rust
    the_slot_tells_who_was_first(
        [
            || staged_panic("the body's"),
            || Err(Failed::of("the other task")),
        ],
        PANICKED,
    );
}

/// The body returns an error first, and then both tasks panic: the body's error is the cause of the context.
#[test]
fn an_error_that_was_first_is_the_cause_before_panics() {
    // EG-14, as it is in Rust
    the_slot_tells_who_was_first(
        [
            || Err(Failed::of("the body")),
            || staged_panic("the other task's"),
        ],
        "the body",
    );
}

/// Nobody fails. One task runs after the other, as the limit is one, and the body has returned by the second, or is about to.
/// The context is not done before they have ended, not even between the two, and is done when `scope` has returned.
#[test]
fn the_context_is_done_when_all_have_ended_and_not_before() {
    // EG-05, EG-06
    model(|| {
        let mut context = None;
        let outcome = group(Some(1), |group| {
            context = Some(group.context().clone());
            for which in ["first", "second"] {
                let of_task = group.context().clone();
                go(group, move || {
                    let error = of_task.err();
                    assert_eq!(
                        error, None,
                        "the context of the {which} task, and nobody has failed"
                    );
                    Ok(())
                });
            }
            Ok(())
        });
        assert!(outcome.is_ok(), "nobody has failed");
        let context = context.expect("the body has run");
        assert_eq!(
            context.err(),
            Some(ContextError::Canceled),
            "the error of the group's context, once `scope` has returned"
        );
    });
}

/// The limit is one, and two tasks write to the same memory: the second begins after the first has ended, and
/// finds what it has done.
#[test]
fn the_limit_holds() {
    // EG-07, EG-13
    model(|| {
        let slot = Slot::empty("slot");
        let outcome = group(Some(1), |group| {
            go(group, || {
                slot.write(1);
                Ok(())
            });
            go(group, || {
                slot.write(slot.read() + 1);
                Ok(())
            });
            Ok(())
        });
        assert!(outcome.is_ok(), "nobody has failed");
        assert_eq!(slot.read(), 2, "both tasks have run");
    });
}

/// The limit is one, and a thread that waits for the slot wakes for no reason, up to three times. It must look again: the
/// second task begins after the first has ended. Each time it has to sleep again.
#[test]
fn a_spurious_wakeup_is_no_slot() {
    // EG-07
    for (wakeups, turns, preemptions) in [(1, 0, 4), (3, 3, 1)] {
        let model = Model::new().preemption_bound(preemptions);
        model.spurious_wakeups(wakeups).check(move || {
            let slot = Slot::empty("slot");
            let outcome = group(Some(1), |group| {
                for turns in [turns, 0] {
                    let slot = &slot;
                    go(group, move || {
                        let_others_sleep(turns);
                        slot.write(slot.read() + 1);
                        Ok(())
                    });
                }
                Ok(())
            });
            assert!(outcome.is_ok(), "nobody has failed");
            assert_eq!(slot.read(), 2, "both tasks have run");
        });
    }
    must_sleep_again("`go`", |steps| {
        let outcome = group(Some(1), |group| {
            go(group, move || {
                steps();
                Ok(())
            });
            go(group, || Ok(()));
            Ok(())
        });
        assert!(outcome.is_ok(), "nobody has failed");
    });
}

/// A program that must not end: the limit is one, and its task waits for something that never happens.
#[test]
fn go_sleeps_at_the_limit() {
    // EG-08
    must_sleep("`go`", "one task was running, of one", || {
        let gate = Gate::shut("gate");
        let _ = group(Some(1), |group| {
            go(group, || {
                gate.pass();
                Ok(())
            });
            go(group, || Ok(()));
            gate.open(); // or else the group could not end, and the model would take that for the sleep
            panic!("`go` returned, and one task was running, of one");
            #[allow(unreachable_code, reason = "says what a body returns")]
            Ok(())
        });
    });
}

/// A program that must not end: with a limit of zero there is never a slot.
#[test]
fn go_sleeps_if_the_limit_is_zero() {
    // EG-10
    must_sleep("`go`", "the limit was zero", || {
        let _ = group(Some(0), |group| {
            go(group, || Ok(()));
            panic!("`go` returned, and the limit was zero");
            #[allow(unreachable_code, reason = "says what a body returns")]
            Ok(())
        });
    });
}

/// The limit is one, and two threads try at the same time to start a task that does not end for now: one of
/// them starts it, and the other gets its task back.
#[test]
fn one_of_two_gets_the_last_slot() {
    // EG-09
    model(|| {
        let gate = Gate::shut("gate");
        let outcome = group(Some(1), |group| {
            let starts = || {
                let task = || {
                    gate.pass();
                    Ok(())
                };
                match group.try_go(task) {
                    Ok(()) => true,
                    Err(TryGoError::Full(_)) => false,
                    Err(TryGoError::NoThread(error)) => panic!("there are threads: {error}"),
                }
            };
            let (mine, others) = both(starts, starts);
            gate.open(); // first, so that the group can end whatever is wrong
            assert_ne!(
                mine, others,
                "whether main and the other have got the only slot"
            );
            Ok(())
        });
        assert!(outcome.is_ok(), "nobody has failed");
    });
}

/// The limit is one, and nothing runs. Main is refused a thread, and tries again; another thread is refused one, too.
/// Each may have the slot until it is refused; then the slot is free, and the other, if it waits in `go`, gets it. But
/// if both are told that it is full, nobody had it. And with a limit of two there is a slot for each, always.
#[test]
fn full_means_that_somebody_has_the_slot() {
    // EG-09
    for limit in [1, 2] {
        model(move || {
            let outcome = group(Some(limit), |group| {
                let is_full = || {
                    let refused = refuse_after(0, || group.try_go(|| panic!("it has no thread")));
                    matches!(refused, Err(TryGoError::Full(_)))
                };
                let main = || {
                    let refused = refuse_after(0, || group.go(|| panic!("it has no thread")));
                    assert!(
                        refused.is_err(),
                        "no thread could be had, and `go` returned Ok"
                    );
                    is_full()
                };
                let (main, other) = both(main, is_full);
                assert!(
                    limit > 1 || !(main && other),
                    "main and the other were told that it is full, and no task runs"
                );
                assert!(
                    limit < 2 || !(main || other),
                    "`try_go` said that the group is full, and at most one of two slots was taken"
                );
                Ok(())
            });
            assert!(outcome.is_ok(), "nobody has failed");
        });
    }
}

/// The limit is one, and its task fails. The next to get the slot finds that the failure counts: the context is
/// done. And what the task owned is gone.
#[test]
fn a_slot_is_free_when_all_of_its_task_is_over() {
    struct Owned<'a>(&'a Slot);
    impl Drop for Owned<'_> {
        fn drop(&mut self) {
            self.0.write(1);
        }
    }
    // EG-13, EG-15
    model(|| {
        let dropped = Slot::empty("dropped");
        let outcome = whose(|| {
            group(Some(1), |group| {
                let owned = Owned(&dropped);
                go(group, move || {
                    let _owned = owned;
                    Err(Failed::of("the first task"))
                });
                let context = group.context().clone();
                go(group, move || {
                    let error = context.err();
                    assert_eq!(
                        error,
                        Some(ContextError::Canceled),
                        "the context, for the next task in the slot of one that failed"
                    );
                    Ok(())
                });
                assert_eq!(dropped.read(), 1, "what the first task owned is dropped");
                Ok(())
            })
        });
        assert_eq!(
            outcome,
            Some("the first task"),
            "whose error `scope` should return"
        );
    });
}

/// The limit is one, and its task panics. The panic counts before the slot is free again, so the next task finds the
/// context done.
#[test]
fn a_panic_gives_its_slot_back() {
    model(|| {
        let slot = Slot::empty("slot");
        let outcome = whose(|| {
            group(Some(1), |group| {
                go(group, || staged_panic("the first task's"));
                let (context, slot) = (group.context().clone(), &slot);
                go(group, move || {
                    slot.write(if context.err().is_some() { 7 } else { 8 });
                    Ok(())
                });
                Ok(())
            })
        });
        assert_eq!(
            outcome,
            Some("the first task's"),
            "whose panic `scope` should resume"
        );
        assert_ne!(
            slot.read(),
            8,
            "the next task had the slot of the one that panicked, and the context was not done"
        );
        assert_eq!(slot.read(), 7, "the second task has run");
    });
}

/// The limit is one, and two threads want the slot at the same time. One of them is refused a thread, and says so;
/// the other may have waited for that slot, and gets it.
#[test]
fn a_task_without_a_thread_gives_its_slot_back() {
    model(|| {
        let slot = Slot::empty("slot");
        let outcome = group(Some(1), |group| {
            both(
                || {
                    let refused = refuse_after(0, || group.go(|| panic!("it has no thread")));
                    assert!(
                        refused.is_err(),
                        "no thread could be had, and `go` returned Ok"
                    );
                },
                || {
                    go(group, || {
                        slot.write(7);
                        Ok(())
                    });
                },
            );
            Ok(group.context().err())
        });
        assert!(
            matches!(outcome, Ok(None)),
            "a task without a thread has not failed"
        );
        assert_eq!(slot.read(), 7, "the other task has run");
    });
}

/// A task that gets no thread owns something that starts a task itself when it is dropped. It must not find the
/// group locked.
#[test]
fn a_refused_task_is_dropped_without_a_lock() {
    struct StartsAtDrop<'scope, 'env>(Group<'scope, 'env, Failed>);
    impl Drop for StartsAtDrop<'_, '_> {
        fn drop(&mut self) {
            let refused = self.0.try_go(|| panic!("it has no thread"));
            assert!(refused.is_err(), "no thread could be had");
        }
    }
    model(|| {
        let outcome = group(Some(2), |group| {
            let owned = StartsAtDrop(group.clone());
            let refused = refuse_after(0, || {
                group.go(move || {
                    let _owned = owned;
                    panic!("it has no thread")
                })
            });
            assert!(
                refused.is_err(),
                "no thread could be had, and `go` returned Ok"
            );
            Ok(())
        });
        assert!(outcome.is_ok(), "nobody has failed");
    });
}

/// The body writes before it starts a task, by `go` or by `try_go`. The task finds what was written.
#[test]
fn a_task_begins_after_what_came_before_it() {
    // GR-01
    for tries in [false, true] {
        model(move || {
            let slot = Slot::empty("slot");
            let outcome = group(Some(1), |group| {
                slot.write(7);
                let task = || {
                    assert_eq!(slot.read(), 7, "what the body wrote before it");
                    Ok(())
                };
                if tries {
                    assert!(group.try_go(task).is_ok(), "the only slot is free");
                } else {
                    go(group, task);
                }
                Ok(())
            });
            assert!(outcome.is_ok(), "nobody has failed");
        });
    }
}
