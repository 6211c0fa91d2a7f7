//! Every interleaving of a few small programs. IDs such as CX-17 name behaviours of Go's contexts.
//!
//! The clock stands still until `main` advances it. The other thread plays the timers' thread: it makes the alarms go off that
//! are due, at once, in the middle of what `main` does, or after it.

use crate::sync::time::{Clock, Duration};
use crate::sync::{Arc, naming};
use crate::{CancelOnDrop, Context, ContextError, Timers};
use harness::sync::model::channel::{RecvError, TryRecvError};
use harness::testing::both;

const SECOND: Duration = Duration::from_secs(1);
const NANOSECOND: Duration = Duration::from_nanos(1);
const LATE: Option<ContextError> = Some(ContextError::DeadlineExceeded);
const CANCELED: Option<ContextError> = Some(ContextError::Canceled);

/// A clock, alarms that go by it, and a root.
fn root() -> (Clock, Arc<Timers>, Context) {
    let clock = Clock::manual();
    let timers = Arc::new(Timers::new(clock.clone()));
    let root = naming("root", || Context::background(Arc::clone(&timers)));
    (clock, timers, root)
}

fn with_timeout(parent: &Context, name: &str, timeout: Duration) -> (Context, CancelOnDrop) {
    naming(name, || parent.with_timeout(timeout))
}

/// The deadline is two seconds and a nanosecond away. A nanosecond before it nothing happens, and at the deadline the context is done, with
/// everything below it.
#[test]
fn a_context_is_done_at_its_deadline_and_not_before() {
    // CX-17
    harness::model(|| {
        let (clock, timers, root) = root();
        clock.advance(SECOND);
        let (context, _guard) = with_timeout(&root, "context", 2 * SECOND + NANOSECOND);
        let (below, _below_guard) = context.with_cancel();
        clock.advance(2 * SECOND);
        timers.go_off();
        let early = (context.err(), below.err());
        assert_eq!(early, (None, None), "a nanosecond before the deadline");
        clock.advance(NANOSECOND);
        timers.go_off();
        let late = (context.err(), below.err());
        assert_eq!(late, (LATE, LATE), "at the deadline");
    });
}

/// The clock is past the deadline, and the alarm has not gone off: both answers are right. Error and cause are the same answer,
/// and if there is one it stays.
#[test]
fn error_and_cause_agree_before_the_alarm() {
    harness::model(|| {
        let (clock, _timers, root) = root();
        let (context, guard) = with_timeout(&root, "context", SECOND);
        clock.advance(2 * SECOND);
        let (error, cause) = (context.err(), context.cause());
        assert_eq!(
            error.is_some(),
            cause.is_some(),
            "whether there is an error, and a cause, when the alarm has not gone off: the error is {error:?}"
        );
        guard.cancel();
        let now = context.err();
        assert!(now.is_some(), "it is cancelled, and has no error");
        assert_eq!(
            now,
            error.or(CANCELED),
            "the error after `cancel`; before it, it was {error:?}"
        );
    });
}

/// The clock is past the parent's deadline, and past that of the child which is made then. The alarm has not gone off, so the
/// parent need not be done. The child has the parent's deadline, and is done when the parent is, if not before.
#[test]
fn a_child_of_a_late_parent_is_done_with_the_parent() {
    // CX-19
    harness::model(|| {
        let (clock, timers, root) = root();
        let (parent, _guard) = with_timeout(&root, "parent", SECOND);
        let second = parent.deadline().expect("it was given one");
        clock.advance(3 * SECOND);
        for (more, what) in [(SECOND, "a later"), (Duration::ZERO, "the same")] {
            let (child, _child_guard) = naming("child", || parent.with_deadline(second + more));
            assert_eq!(
                child.deadline(),
                Some(second),
                "the deadline of a child that was given {what} one"
            );
        }
        let (child, _child_guard) = naming("child", || parent.with_deadline(second + SECOND));
        timers.go_off();
        assert_eq!(
            (parent.err(), child.err()),
            (LATE, LATE),
            "the errors of parent and child, after the alarm"
        );
    });
}

/// Main and another thread cancel by the same guard. The context is done for each of them when its call returns.
#[test]
fn each_of_two_cancellations_returns_when_it_is_done() {
    harness::model(|| {
        let (_clock, timers, root) = root();
        let (context, guard) = with_timeout(&root, "context", SECOND);
        let cancel = || {
            guard.cancel();
            context.err()
        };
        let errors = both(cancel, cancel);
        assert_eq!(
            errors,
            (CANCELED, CANCELED),
            "the errors that two threads saw after `cancel`"
        );
        assert_eq!(timers.pending(), 0, "how many alarms are pending");
    });
}

/// Main sleeps until a context is done whose deadline has come. The alarm wakes it, and the error is that of a timeout.
#[test]
fn a_sleeper_is_woken_by_the_deadline() {
    // CX-17
    harness::model(|| {
        let (clock, timers, root) = root();
        let (context, _guard) = with_timeout(&root, "context", SECOND);
        clock.advance(SECOND);
        both(
            || {
                assert_eq!(
                    context.done().recv(),
                    Err(RecvError),
                    "the answer of `done`"
                );
                assert_eq!(context.err(), LATE, "the deadline is all that can end it");
            },
            || timers.go_off(),
        );
    });
}

/// Main cancels, or drops the guard, when the deadline has come, and the alarm goes off beside it. One of the two reasons
/// holds, for the context and for what is below it, and what main saw first stays.
#[test]
fn cancelled_beside_the_deadline_it_has_one_reason() {
    // CX-20, CX-21
    for drops in [false, true] {
        harness::model(move || {
            let (clock, timers, root) = root();
            let (context, guard) = with_timeout(&root, "context", SECOND);
            let (below, _below_guard) = naming("below", || context.with_cancel());
            clock.advance(SECOND);
            let (seen, ()) = both(
                || {
                    let kept = match drops {
                        true => {
                            drop(guard);
                            None
                        }
                        false => {
                            guard.cancel();
                            Some(guard)
                        }
                    };
                    let seen = (context.err(), below.err());
                    assert!(
                        seen.0.is_some() && seen.1.is_some(),
                        "it is cancelled, and the errors of the context and the one below are {seen:?}"
                    );
                    (seen, kept)
                },
                || timers.go_off(),
            );
            let (seen, _kept) = seen;
            assert_eq!(
                seen.0, seen.1,
                "the errors of the context and the one below"
            );
            let now = (context.err(), below.err());
            assert_eq!(now, seen, "the errors when the alarm has gone off, too");
            assert_eq!(timers.pending(), 0, "how many alarms are pending");
        });
    }
}

/// A parent is cancelled while the deadline of its child comes. The child has one of the two reasons, and so has what is below
/// the child.
#[test]
fn the_parent_is_cancelled_beside_the_deadline() {
    // CX-05, CX-21
    harness::model(|| {
        let (clock, timers, root) = root();
        let (parent, guard) = naming("parent", || root.with_cancel());
        let (child, child_guard) = with_timeout(&parent, "child", SECOND);
        let (below, _below_guard) = naming("below", || child.with_cancel());
        clock.advance(SECOND);
        both(|| guard.cancel(), || timers.go_off());
        assert_eq!(parent.err(), CANCELED, "the parent has no deadline");
        assert!(
            child.err().is_some(),
            "its parent is cancelled, and it is not done"
        );
        assert_eq!(
            below.err(),
            child.err(),
            "the errors of the child and the one below"
        );
        drop(child_guard);
        assert_eq!(timers.pending(), 0, "how many alarms are pending");
    });
}

/// A child with a deadline is made while its parent is being cancelled. It is done when both calls have returned, long before the
/// deadline, and its alarm goes with its guard.
#[test]
fn a_child_made_beside_the_cancellation_is_done() {
    // CX-10
    harness::model(|| {
        let (_clock, timers, root) = root();
        let (parent, guard) = naming("parent", || root.with_cancel());
        let ((), (child, child_guard)) =
            both(|| guard.cancel(), || with_timeout(&parent, "child", SECOND));
        assert_eq!(child.err(), CANCELED, "its parent is cancelled");
        let channel = child.done().try_recv();
        assert_eq!(channel, Err(TryRecvError::Disconnected), "its channel");
        drop(child_guard);
        assert_eq!(timers.pending(), 0, "how many alarms are pending");
    });
}

/// Two children with deadlines are cancelled at the same time. Each takes its own alarm back, and no other.
#[test]
fn each_cancellation_stops_its_own_alarm() {
    // CX-20
    harness::model(|| {
        let (clock, timers, root) = root();
        let (stays, _guard) = with_timeout(&root, "stays", SECOND);
        let (mains, mains_guard) = with_timeout(&root, "main's", SECOND);
        let (others, others_guard) = with_timeout(&root, "the other's", SECOND);
        both(|| mains_guard.cancel(), || others_guard.cancel());
        assert_eq!(timers.pending(), 1, "how many alarms are pending");
        clock.advance(SECOND);
        timers.go_off();
        let errors = [&stays, &mains, &others].map(Context::err);
        assert_eq!(
            errors,
            [LATE, CANCELED, CANCELED],
            "the errors at the deadline"
        );
    });
}
