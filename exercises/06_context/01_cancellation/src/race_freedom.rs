//! Every interleaving of a few small programs. IDs such as CX-10 name behaviours of Go's contexts.
//!
//! A model needs the same order of steps each time, so no list of children has more than one element when it is gone
//! through: a `HashMap` may keep them.

use crate::sync::{naming, task};
use crate::{CancelOnDrop, Cause, Context, ContextError};
use channels::model::{Arm, Waiter};
use harness::Model;
use harness::sync::model::channel::{RecvError, TryRecvError};
use harness::sync::model::thread::scope;
use harness::testing::{Slot, both, must_sleep_again, spawn, yields};
use std::error::Error;
use std::fmt;

/// A cause that a test can tell from others.
#[derive(Debug)]
struct Because(&'static str);

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Because {}

fn because(text: &'static str) -> Option<Cause> {
    Some(task::Arc::new(Because(text)))
}

/// The cause of a context, as text.
fn cause(context: &Context) -> Option<String> {
    context.cause().map(|cause| cause.to_string())
}

/// A child of a root, with its guard. The dry run calls it the parent.
fn parent() -> (Context, CancelOnDrop) {
    let root = naming("root", Context::background);
    naming("parent", || root.with_cancel())
}

/// A child, with its guard; `name` is what the dry run calls it.
fn child_of(parent: &Context, name: &str) -> (Context, CancelOnDrop) {
    naming(name, || parent.with_cancel())
}

#[track_caller]
fn assert_done(name: &str, context: &Context, when: &str) {
    assert!(context.err().is_some(), "{when}, but {name} has no error");
    assert_eq!(
        context.done().try_recv(),
        Err(TryRecvError::Disconnected),
        "{when}, but the channel of {name} is not disconnected"
    );
}

/// Main cancels a context while the other thread makes a child of it: the child is done when both calls have returned.
#[test]
fn a_child_made_beside_the_cancellation_is_done() {
    // CX-10
    harness::model(|| {
        let (parent, guard) = parent();
        let ((), (child, _child_guard)) = both(
            || guard.cancel_with(ContextError::Canceled, because("the parent's")),
            || child_of(&parent, "child"),
        );
        assert_done("the child", &child, "the parent is cancelled");
        assert_eq!(cause(&child).as_deref(), Some("the parent's"), "its cause");
    });
}

/// Main cancels a context while the other thread makes a child two levels further down: it is done when both calls have
/// returned.
#[test]
fn a_grandchild_made_beside_the_cancellation_is_done() {
    // CX-10
    harness::model(|| {
        let (grandparent, guard) = parent();
        let (below, _below_guard) = child_of(&grandparent, "below");
        let ((), (child, _child_guard)) = both(|| guard.cancel(), || child_of(&below, "child"));
        assert_done("the child", &child, "its parent's parent is cancelled");
    });
}

/// Two children of one parent are made at the same time, and the parent is cancelled afterwards: it reaches both. One of
/// them has left the tree by then.
#[test]
fn children_made_at_the_same_time_are_both_reached() {
    for leaves in [0, 1] {
        harness::model(move || {
            let (parent, guard) = parent();
            let mut made = both(
                || child_of(&parent, "main's"),
                || child_of(&parent, "the other's"),
            );
            let made = if leaves == 0 {
                [&mut made.0, &mut made.1]
            } else {
                [&mut made.1, &mut made.0]
            };
            made[0].1.cancel();
            assert!(made[1].0.err().is_none(), "only its sibling is cancelled");
            guard.cancel();
            assert_done("the child", &made[1].0, "the parent is cancelled");
        });
    }
}

/// Two children of one parent are cancelled at the same time. Both leave it: it keeps nothing of them, not even the cause.
#[test]
fn children_cancelled_at_the_same_time_both_leave() {
    // CX-07
    harness::model(|| {
        let (parent, _guard) = parent();
        let (main, other) = (
            child_of(&parent, "main's"),
            child_of(&parent, "the other's"),
        );
        let cause: Cause = task::Arc::new(Because("enough"));
        let leave = |(_context, guard): (Context, CancelOnDrop)| {
            guard.cancel_with(ContextError::Canceled, Some(task::Arc::clone(&cause)));
        };
        both(|| leave(main), || leave(other));
        let kept = task::Arc::strong_count(&cause) - 1;
        assert_eq!(
            kept, 0,
            "how many children are gone, and their causes still there"
        );
    });
}

/// The other thread cancels a child while main makes a sibling of it, under the same parent: whichever call is first, the
/// parent keeps nothing of the child that is done, not even the cause.
#[test]
fn a_child_leaves_while_its_sibling_is_made() {
    // CX-07
    harness::model(|| {
        let (parent, _guard) = parent();
        let leaving = child_of(&parent, "leaving");
        let cause: Cause = task::Arc::new(Because("enough"));
        let (sibling, ()) = both(
            || child_of(&parent, "sibling"),
            || {
                let (_context, guard) = leaving;
                guard.cancel_with(ContextError::Canceled, Some(task::Arc::clone(&cause)));
            },
        );
        let kept = task::Arc::strong_count(&cause) - 1;
        assert_eq!(
            kept, 0,
            "the child and its guard are gone, and its cause still there"
        );
        assert_eq!(sibling.0.err(), None, "nobody has cancelled the sibling");
    });
}

/// Two threads cancel one context. The call that comes second may not return while the first is still at work below, and one
/// reason holds for both contexts.
#[test]
fn neither_of_two_cancellations_returns_early() {
    // CX-03, CX-04
    harness::model(|| {
        let (parent, guard) = parent();
        let (child, _child_guard) = child_of(&parent, "child");
        let cancel = |text| {
            guard.cancel_with(ContextError::Canceled, because(text));
            let returned = "one of two calls of `cancel_with` has returned";
            assert_done("the child", &child, returned);
        };
        both(|| cancel("main's"), || cancel("the other's"));
        assert_eq!(yields(), 0, "how often a thread spun in place of sleeping");
        let causes = (cause(&parent), cause(&child));
        assert_eq!(causes.0, causes.1, "the causes of the parent and its child");
    });
}

/// Main drops the guard of a parent while the other thread drops that of its child: one cancellation goes down the tree, and the
/// other up. Neither may return while the other is still at work below: the grandchild is done when one of them has
/// returned. With at most six preemptions.
#[test]
fn a_parent_and_its_child_are_cancelled_at_the_same_time() {
    // CX-03, CX-15
    harness::Model::new().loose_bound(7).check(|| {
        let (parent, guard) = parent();
        let (child, child_guard) = child_of(&parent, "child");
        let (grandchild, _grandchild_guard) = child_of(&child, "grandchild");
        both(
            || {
                drop(guard);
                let returned = "the drop of the parent's guard has returned";
                assert_done("the grandchild", &grandchild, returned);
            },
            || {
                drop(child_guard);
                let returned = "the drop of the child's guard has returned";
                assert_done("the grandchild", &grandchild, returned);
            },
        );
    });
}

/// Three threads cancel a child or its parent, each of the two at least once. Each call returns, and what it cancels is done
/// then: one may find the parent done by a thread that itself has to wait for the child, and a thread that ends may have two
/// to wake, of which one begins before the other has looked.
#[test]
fn each_of_three_cancellations_returns_when_it_is_done() {
    // CX-03, CX-04
    for [main, first, second] in [
        ["child", "child", "parent"],
        ["parent", "child", "parent"],
        ["child", "parent", "parent"],
    ] {
        Model::new().preemption_bound(2).check(move || {
            let (parent, guard) = parent();
            let (child, child_guard) = child_of(&parent, "child");
            let cancel = |name: &str| {
                let cancels_the_parent = name == "parent";
                match cancels_the_parent {
                    false => child_guard.cancel(),
                    true => guard.cancel(),
                }
                let returned = format!("the {name}'s `cancel` has returned");
                assert_done("the child", &child, &returned);
                if cancels_the_parent {
                    assert_done("the parent", &parent, &returned);
                }
            };
            scope(|scope| {
                spawn(scope, "first", || cancel(first));
                spawn(scope, "second", || cancel(second));
                cancel(main);
            });
        });
    }
}

/// Two threads cancel a context. One wakes a waiter of the context below it, which takes some steps; the other waits for it,
/// and may wake up once for no reason.
#[test]
fn a_cancel_that_wakes_up_for_no_reason_sleeps_again() {
    /// A waiter whose wakeup takes steps.
    struct TakesSteps(fn());
    impl Waiter for TakesSteps {
        fn choose(&self, _arm: usize) -> bool {
            true
        }

        fn wake(&self) {
            self.0();
        }
    }

    must_sleep_again("`cancel`, while another thread cancels,", |steps| {
        let (parent, guard) = parent();
        let (child, _child_guard) = child_of(&parent, "child");
        let waiter: task::Arc<dyn Waiter> = task::Arc::new(TakesSteps(steps));
        let mut arm = child.done().arm();
        arm.register(&mut arm.lock(), &waiter, 0);
        both(|| guard.cancel(), || guard.cancel());
        arm.unregister(&mut arm.lock());
    });
}

/// The other thread waits for the parent, and cancels the child then, while main's cancellation of the parent may still be
/// on its way to the child.
#[test]
fn who_watches_the_parent_may_cancel_the_child() {
    // CX-14
    harness::model(|| {
        let (parent, guard) = parent();
        let (child, child_guard) = child_of(&parent, "child");
        both(
            || guard.cancel_with(ContextError::Canceled, because("the parent's")),
            || {
                assert_eq!(parent.done().recv(), Err(RecvError), "the answer of `done`");
                child_guard.cancel();
                assert_done("the child", &child, "it is cancelled");
            },
        );
        assert_eq!(cause(&parent).as_deref(), Some("the parent's"), "its cause");
    });
}

/// The other thread sleeps until the context is done, or comes when it is. Error and cause are there as soon as it wakes,
/// whichever it asks for first.
#[test]
fn error_and_cause_are_there_when_done_is_disconnected() {
    // CX-02, CX-11
    for asks_for_the_error_first in [false, true] {
        harness::model(move || {
            let (context, guard) = parent();
            both(
                || guard.cancel_with(ContextError::DeadlineExceeded, because("too slow")),
                || {
                    let end = context.done().recv();
                    assert_eq!(end, Err(RecvError), "the answer of `done`");
                    let (error, cause) = if asks_for_the_error_first {
                        let error = context.err();
                        (error, cause(&context))
                    } else {
                        let cause = cause(&context);
                        (context.err(), cause)
                    };
                    assert_eq!(
                        (error, cause.as_deref()),
                        (Some(ContextError::DeadlineExceeded), Some("too slow")),
                        "error and cause when `done` is disconnected"
                    );
                },
            );
        });
    }
}

/// A cause comes too late, because the context is done, and is dropped. Another is dropped with the last handle of its
/// context. Their destructors use the contexts: a lock held around such a drop is asked for again by its own thread.
#[test]
fn the_destructor_of_a_cause_may_use_the_contexts() {
    /// Asks a context for its reason, and derives from it, when it is dropped.
    struct Asks(Context);
    impl Drop for Asks {
        fn drop(&mut self) {
            let reason = (self.0.err().is_some(), self.0.cause().is_some());
            assert_eq!(reason.0, reason.1, "whether there is an error, and a cause");
            drop(self.0.with_cancel());
        }
    }
    impl fmt::Debug for Asks {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Asks")
        }
    }
    impl fmt::Display for Asks {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("asks")
        }
    }
    impl Error for Asks {}

    harness::model(|| {
        let asks = |context: &Context| -> Option<Cause> {
            Some(task::Arc::new(Asks(Context::clone(context))))
        };
        let (parent, guard) = parent();
        let (child, child_guard) = child_of(&parent, "child");
        child_guard.cancel_with(ContextError::Canceled, asks(&parent));
        child_guard.cancel_with(ContextError::Canceled, asks(&child));
        drop((child, child_guard));
        guard.cancel();
        guard.cancel_with(ContextError::Canceled, asks(&parent));
        assert_done("the parent", &parent, "it is cancelled");
    });
}

/// The other thread asks for the error and then for the cause, without waiting. Where there was an error, there is its cause;
/// where there was none, there is none yet, or the one that `cancel_with` was given, and never the error in its place.
#[test]
fn where_there_is_an_error_there_is_the_cause() {
    // CX-12
    harness::model(|| {
        let (context, guard) = parent();
        both(
            || guard.cancel_with(ContextError::Canceled, because("enough")),
            || {
                let error = context.err();
                let cause = cause(&context);
                if error.is_some() || cause.is_some() {
                    assert_eq!(
                        cause.as_deref(),
                        Some("enough"),
                        "the cause, which `cancel_with` was given; `err` returned {error:?} just before"
                    );
                }
            },
        );
    });
}

/// The other thread asks for the cause and then for the error, without waiting. Where there was a cause, there is an error.
#[test]
fn where_there_is_a_cause_there_is_the_error() {
    // CX-12
    harness::model(|| {
        let (context, guard) = parent();
        both(
            || guard.cancel(),
            || {
                if let Some(cause) = cause(&context) {
                    assert_eq!(cause, "context canceled", "the cause");
                    let error = context.err();
                    assert_eq!(error, Some(ContextError::Canceled), "the error");
                }
            },
        );
    });
}

/// Main writes and cancels; the other thread finds an error, or a cause, and reads what main wrote. It asks a child, which
/// main cancels through its parent, or one that it makes itself, which is done from the beginning if main was faster.
#[test]
fn what_was_done_before_the_cancellation_is_there() {
    // CX-11
    for (asks_for_the_cause, makes_it) in [(false, false), (true, false), (false, true)] {
        harness::model(move || {
            let (parent, guard) = parent();
            let child = (!makes_it).then(|| child_of(&parent, "child"));
            let work = Slot::empty("work");
            // Kept until both are at their end: the drop of the guard is not what is looked at.
            let _kept = both(
                || {
                    work.write(1);
                    guard.cancel();
                },
                || {
                    let child = child.unwrap_or_else(|| child_of(&parent, "child"));
                    let is_done = match asks_for_the_cause {
                        false => child.0.err().is_some(),
                        true => child.0.cause().is_some(),
                    };
                    if is_done {
                        assert_eq!(work.read(), 1, "what main wrote before it cancelled");
                    }
                    child
                },
            );
        });
    }
}
