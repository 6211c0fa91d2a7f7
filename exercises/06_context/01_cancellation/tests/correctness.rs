//! What a tree of contexts does, on real threads. IDs such as CX-02 name behaviours of Go's contexts.

use cancellation::{CancelOnDrop, Cause, Context, ContextError};
use channels::real::{Arm, Waiter};
use harness::bench::together;
use harness::sync::real::channel::{RecvError, TryRecvError};
use harness::sync::real::thread::{Builder, refuse_only};
use harness::testing::{
    let_others_run, must_end, must_sleep_on_threads, panic_of, staged_panic, staged_panic_of,
    unwinding_if, wait_until, while_unwinding,
};
use std::error::Error;
use std::mem::{self, ManuallyDrop};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

const IN_RECV: &str = "a thread is still in `done().recv()` of a context that has been cancelled";

fn because(text: &str) -> Option<Cause> {
    let cause: Box<dyn Error + Send + Sync> = text.into();
    Some(Arc::from(cause))
}

fn child() -> (Context, CancelOnDrop) {
    Context::background().with_cancel()
}

/// Requires a context to be done, with this error and this cause.
#[track_caller]
fn assert_done(name: &str, context: &Context, error: ContextError, cause: &str) {
    let found = context.cause().map(|cause| cause.to_string());
    assert_eq!(
        (context.err(), found.as_deref()),
        (Some(error), Some(cause)),
        "error and cause of {name}"
    );
    assert_eq!(
        context.done().try_recv(),
        Err(TryRecvError::Disconnected),
        "{name} is done, and its channel still connected"
    );
}

#[track_caller]
fn assert_canceled(name: &str, context: &Context) {
    assert_done(name, context, ContextError::Canceled, "context canceled");
}

#[track_caller]
fn assert_live(name: &str, context: &Context) {
    assert_eq!(
        context.err(),
        None,
        "error of {name}, which nobody has cancelled"
    );
    assert!(
        context.cause().is_none(),
        "{name} has a cause, and no error"
    );
    assert_eq!(
        context.done().try_recv(),
        Err(TryRecvError::Empty),
        "{name} is not done, and its channel is not open and empty"
    );
}

#[test]
fn what_is_shared_between_threads_can_be() {
    let (_child, _guard) = child();
    harness::assert_bounds!(Context: Send + Sync);
    harness::assert_bounds!(CancelOnDrop: Send + Sync);
}

#[test]
fn a_root_is_never_done() {
    // CX-01
    let (root, other) = (Context::background(), Context::background());
    assert_live("a root", &root);
    for _ in 0..3 {
        let (child, guard) = root.with_cancel();
        drop(guard);
        assert_canceled("its child", &child);
    }
    assert_live("a root whose children are cancelled", &root);
    assert_live("another root", &other);
}

/// Explicitly, by the guard's drop, and by a panic that drops the guard.
#[test]
fn a_context_is_done_when_it_is_cancelled() {
    // CX-02
    let (context, guard) = child();
    assert_live("a new child", &context);
    guard.cancel();
    assert_canceled("a context whose guard was told to cancel", &context);

    let (context, guard) = child();
    drop(guard);
    assert_canceled("a context whose guard was dropped", &context);

    let (context, guard) = child();
    let clone = context.clone();
    let panics = staged_panic_of(move || {
        let _guard = guard;
        staged_panic("the task fails");
    });
    assert_eq!(panics, Some("the task fails"));
    assert_canceled("a context whose task has panicked", &context);
    assert_canceled("its clone", &clone);
}

/// In a destructor, while its thread unwinds, a child is made and another one is cancelled. The one is reached by its parent's
/// cancellation, and the other has left the parent.
#[test]
fn contexts_work_while_a_thread_unwinds() {
    // CX-05, CX-07
    let (parent, guard) = child();
    let (leaving, leaving_guard) = parent.with_cancel();
    let cause = because("left").expect("it is a cause");
    let (made, _made_guard) = while_unwinding(|| {
        leaving_guard.cancel_with(ContextError::Canceled, Some(cause.clone()));
        parent.with_cancel()
    });
    assert_live("a child that was made while its thread unwound", &made);
    let name = "a child that was cancelled while its thread unwound";
    assert_done(name, &leaving, ContextError::Canceled, "left");
    drop((leaving, leaving_guard));
    let kept = Arc::strong_count(&cause) - 1;
    assert_eq!(kept, 0, "owners of the cause of a child that is gone");
    guard.cancel();
    assert_canceled("a child that was made while its thread unwound", &made);
}

#[test]
fn the_error_says_what_it_is() {
    let (_child, _guard) = child();
    assert_eq!(ContextError::Canceled.to_string(), "context canceled");
    let late = ContextError::DeadlineExceeded;
    assert_eq!(late.to_string(), "context deadline exceeded");
    assert!(late.is_timeout() && !ContextError::Canceled.is_timeout());
}

/// A context with children and grandchildren is cancelled by `cancel`, by the drop of its guard, and by `cancel` in a destructor
/// while the thread unwinds: all of them are done then.
#[test]
fn everything_below_is_done_when_cancel_returns() {
    // CX-03, CX-05
    for (drops, unwinds) in [(false, false), (true, false), (false, true)] {
        let (top, guard) = child();
        let children: Vec<_> = (0..3).map(|_| top.with_cancel()).collect();
        let below: Vec<_> = children
            .iter()
            .flat_map(|(child, _)| [child.with_cancel(), child.with_cancel()])
            .collect();
        if drops {
            drop(guard);
        } else {
            unwinding_if(unwinds, || guard.cancel());
        }
        assert_canceled("what was cancelled", &top);
        for (child, _) in &children {
            assert_canceled("a child of what was cancelled", child);
        }
        for (grandchild, _) in &below {
            assert_canceled("a grandchild of what was cancelled", grandchild);
        }
    }
}

#[test]
fn nothing_above_and_nothing_beside_is_touched() {
    // CX-06
    let (top, _top_guard) = child();
    let (before, _before_guard) = top.with_cancel();
    let (cancelled, guard) = top.with_cancel();
    let (after, _after_guard) = top.with_cancel();
    let (nephew, _nephew_guard) = after.with_cancel();
    guard.cancel();
    assert_canceled("what was cancelled", &cancelled);
    for (name, context) in [
        ("the parent of what was cancelled", &top),
        ("the elder sibling", &before),
        ("the younger sibling", &after),
        ("the sibling's child", &nephew),
    ] {
        assert_live(name, context);
    }
}

/// Children leave in several orders, and new ones come. The parent's cancellation reaches exactly those that are there.
#[test]
fn those_that_are_left_are_reached() {
    // CX-05, CX-07
    for leave in [[0, 1, 2], [2, 1, 0], [1, 3, 0], [4, 0, 3], [3, 4, 1]] {
        let (parent, guard) = child();
        let mut children: Vec<_> = (0..5).map(|_| parent.with_cancel()).collect();
        for n in leave {
            children[n]
                .1
                .cancel_with(ContextError::Canceled, because("left"));
            children.push(parent.with_cancel());
        }
        guard.cancel_with(ContextError::Canceled, because("the parent's"));
        for (n, (context, _)) in children.iter().enumerate() {
            let cause = if leave.contains(&n) {
                "left"
            } else {
                "the parent's"
            };
            let name = format!("child {n}, after {leave:?} had left,");
            assert_done(&name, context, ContextError::Canceled, cause);
        }
    }
}

/// How many children can a context tell apart? One is made first, 70,000 come and go, and 3,000 stay, all at the same
/// time: more than 255, and more than 65,535. The parent's cancellation reaches each of those that are there.
#[test]
fn any_number_of_children_is_reached() {
    // CX-05
    let (parent, guard) = child();
    let oldest = parent.with_cancel();
    (0..70_000).for_each(|_| drop(parent.with_cancel()));
    let mut children = vec![oldest];
    children.extend((0..3_000).map(|_| parent.with_cancel()));
    guard.cancel();
    for (n, (context, _)) in children.iter().enumerate() {
        let name = match n {
            0 => "a child that is older than 73,000 others".to_owned(),
            _ => format!("child {n} of 3,000 that are there at the same time"),
        };
        assert_canceled(&name, context);
    }
}

/// A child is cancelled, then its parent, and then both again. The causes that come too late are dropped at once.
#[test]
fn the_first_reason_stays() {
    // CX-04
    let (parent, guard) = child();
    let (first, first_guard) = parent.with_cancel();
    let (second, _second_guard) = parent.with_cancel();
    first_guard.cancel_with(ContextError::DeadlineExceeded, because("too slow"));
    guard.cancel_with(ContextError::Canceled, because("enough"));
    for _ in 0..2 {
        guard.cancel();
        guard.cancel_with(ContextError::DeadlineExceeded, None);
        first_guard.cancel();
        let too_late = because("too late");
        guard.cancel_with(ContextError::Canceled, too_late.clone());
        let owners = too_late.as_ref().map(Arc::strong_count);
        assert_eq!(owners, Some(1), "owners of a cause that came too late");
        let late = ContextError::DeadlineExceeded;
        assert_done("what was cancelled first", &first, late, "too slow");
        assert_done("its parent", &parent, ContextError::Canceled, "enough");
        assert_done("its sibling", &second, ContextError::Canceled, "enough");
    }
}

/// Cancelled without a cause, by any of three calls, a context and the one below it have the error itself as their cause.
#[test]
fn an_error_without_a_cause_is_its_own() {
    type Call = fn(CancelOnDrop);
    let (late, canceled) = (ContextError::DeadlineExceeded, ContextError::Canceled);
    let calls: [(&str, ContextError, Call); 3] = [
        ("`cancel_with`", late, |guard| {
            guard.cancel_with(ContextError::DeadlineExceeded, None)
        }),
        ("`cancel`", canceled, |guard| guard.cancel()),
        ("the drop of its guard", canceled, drop),
    ];
    for (how, error, call) in calls {
        let (context, guard) = child();
        let (below, _below_guard) = context.with_cancel();
        call(guard);
        for (name, context) in [("the context", &context), ("its child", &below)] {
            let name = format!("{name}, cancelled by {how}");
            assert_done(&name, context, error, &error.to_string());
            let cause = context.cause().expect("there is an error");
            let itself = cause.downcast_ref();
            assert_eq!(
                itself,
                Some(&error),
                "the cause of {name}, as the error that it should be"
            );
        }
    }
}

/// A context has a child before it is done. It gives its cause to that one, to a child that is made afterwards, and to a child of
/// the child: to all of them the same `Arc`.
#[test]
fn the_cause_itself_goes_down() {
    // CX-05
    let (parent, guard) = child();
    let (before, _before_guard) = parent.with_cancel();
    let (below, _below_guard) = before.with_cancel();
    let given = because("enough").expect("it is a cause");
    guard.cancel_with(ContextError::Canceled, Some(given.clone()));
    let (after, _after_guard) = parent.with_cancel();
    for (name, context) in [
        ("the context", &parent),
        ("its child", &before),
        ("the child of its child", &below),
        ("a child that was made when it was done", &after),
    ] {
        let cause = context.cause().expect("it is done");
        assert!(
            Arc::ptr_eq(&cause, &given),
            "{name} should have the cause that `cancel_with` was given, and has another, which says {cause}"
        );
    }
}

/// A child is made of a context that is done: it has the same error and the same cause, and its channel is disconnected, and
/// so it is with a child of the child.
#[test]
fn a_child_of_a_context_that_is_done_is_done_from_the_beginning() {
    // CX-09
    let (parent, guard) = child();
    guard.cancel_with(ContextError::DeadlineExceeded, because("too slow"));
    let (below, below_guard) = parent.with_cancel();
    // If the child is not done, the drop of its guard may never return, and would hide that.
    let below_guard = ManuallyDrop::new(below_guard);
    let late = ContextError::DeadlineExceeded;
    assert_done("the child", &below, late, "too slow");
    let (grandchild, _grandchild_guard) = below.with_cancel();
    drop(ManuallyDrop::into_inner(below_guard));
    assert_done("the child, cancelled again,", &below, late, "too slow");
    assert_done("the grandchild", &grandchild, late, "too slow");
}

/// Only the two ends of a chain are kept, and the guards of what is between.
#[test]
fn contexts_in_between_need_not_be_kept() {
    // CX-05
    let (top, guard) = child();
    let (middle, middle_guard) = top.with_cancel();
    let (below, below_guard) = middle.with_cancel();
    let (bottom, _bottom_guard) = below.with_cancel();
    let _ = (middle, below, top);
    assert_live("the last of four", &bottom);
    guard.cancel();
    assert_canceled("the last of four", &bottom);
    drop((middle_guard, below_guard));
}

#[test]
fn a_forgotten_guard_does_not_keep_the_parent_from_cancelling() {
    let (parent, guard) = child();
    let (below, below_guard) = parent.with_cancel();
    mem::forget(below_guard);
    assert_live("the child", &below);
    drop(guard);
    assert_canceled("the child", &below);
}

#[test]
fn done_is_the_same_channel_each_time() {
    // CX-36
    let (parent, guard) = child();
    let (below, _below_guard) = parent.with_cancel();
    let channel = below.done().channel();
    assert_eq!(below.clone().done().channel(), channel, "a clone's channel");
    assert_ne!(parent.done().channel(), channel, "the parent's channel");
    guard.cancel();
    assert_eq!(below.done().channel(), channel, "the channel after the end");
}

#[test]
fn every_thread_that_waits_wakes() {
    // CX-36
    must_end(IN_RECV, || {
        for _ in 0..20 {
            let (top, guard) = child();
            let (middle, _middle_guard) = top.with_cancel();
            let (bottom, _bottom_guard) = middle.with_cancel();
            thread::scope(|s| {
                for n in 0..6 {
                    let context = [&top, &middle, &bottom][n % 3].clone();
                    s.spawn(move || {
                        let end = context.done().recv();
                        assert_eq!(end, Err(RecvError), "something was sent by `done`");
                        assert_canceled("what a thread waited for", &context);
                    });
                }
                let_others_run();
                guard.cancel();
            });
        }
    });
}

/// Each node of a tree of 100 is cancelled by a thread of its own, all at the same time.
#[test]
fn a_hundred_cancellations_at_once_end() {
    // CX-13
    must_end("a thread is still in `cancel`", || {
        for round in 0..10 {
            let mut nodes = vec![child()];
            for n in 1..100 {
                // A chain in the first round, a star in the second, and mixtures after that.
                let parent = match round {
                    0 => n - 1,
                    1 => 0,
                    _ => (n * 7919 + round * 104_729) % n,
                };
                nodes.push(nodes[parent].0.with_cancel());
            }
            let start = Barrier::new(nodes.len());
            thread::scope(|s| {
                for (_, guard) in &nodes {
                    s.spawn(|| {
                        start.wait();
                        guard.cancel();
                    });
                }
            });
            for (context, _) in &nodes {
                assert_canceled("one of a hundred", context);
            }
        }
    });
}

/// A thread cancels a context with 20,000 children. As soon as the context has its error, another cancels it, too, in a destructor
/// while the thread unwinds. When the second call returns, all children are done, although the first call makes them so.
#[test]
fn a_cancel_that_comes_second_waits_for_the_first() {
    must_end("a thread is still in `cancel`", || {
        let (top, guard) = child();
        let children: Vec<_> = (0..20_000).map(|_| top.with_cancel()).collect();
        thread::scope(|s| {
            s.spawn(|| guard.cancel());
            wait_until("nobody has cancelled the context", || top.err().is_some());
            while_unwinding(|| guard.cancel());
            for (child, _) in &children {
                assert_canceled("a child, when the second `cancel` has returned,", child);
            }
        });
    });
}

/// Holds up whoever wakes it, for good.
struct HoldsUp(Arc<AtomicBool>);

impl Waiter for HoldsUp {
    fn choose(&self, _arm: usize) -> bool {
        true
    }

    fn wake(&self) {
        self.0.store(true, SeqCst);
        loop {
            thread::park();
        }
    }
}

/// A thread cancels a context, and is held up when it disconnects one of the two below it. Another cancels the upper of the two,
/// by `cancel` or by the drop of its guard, and in a destructor while the thread unwinds, too: it sleeps, as one of the two is not
/// done.
#[test]
fn a_cancel_that_waits_for_another_sleeps() {
    for (call, drops, unwinds) in [
        ("`cancel`", false, false),
        ("the drop of a guard", true, false),
        ("`cancel`, while its thread unwinds,", false, true),
        ("the drop of a guard, while its thread unwinds,", true, true),
    ] {
        // They are never dropped, as two threads never end.
        let (above, above_guard): &(Context, CancelOnDrop) = Box::leak(Box::new(child()));
        let (upper, upper_guard) = above.with_cancel();
        let upper: &Context = Box::leak(Box::new(upper));
        let lower: &(Context, CancelOnDrop) = Box::leak(Box::new(upper.with_cancel()));
        let is_held_up = Arc::new(AtomicBool::new(false));
        let waiter: Arc<dyn Waiter> = Arc::new(HoldsUp(Arc::clone(&is_held_up)));
        for context in [upper, &lower.0] {
            let arm = Box::leak(Box::new(context.done().arm()));
            arm.register(&mut arm.lock(), &waiter, 0);
        }
        thread::spawn(|| above_guard.cancel());
        wait_until(
            "no channel below a context that was cancelled is disconnected",
            || is_held_up.load(SeqCst),
        );
        let because = "another thread had not come to the end of its cancellation, from above";
        must_sleep_on_threads(call, because, move || {
            let cancels = || match drops {
                false => upper_guard.cancel(),
                true => drop(upper_guard),
            };
            unwinding_if(unwinds, cancels);
        });
    }
}

/// Thirty layers, of which one is cancelled: those above stay as they are.
#[test]
fn the_end_of_one_layer_is_the_end_of_all_below_it() {
    // CX-16
    for cancelled in 0..30 {
        let mut layers = vec![child()];
        for above in 0..29 {
            layers.push(layers[above].0.with_cancel());
        }
        layers[cancelled].1.cancel();
        for (n, (context, _)) in layers.iter().enumerate() {
            let name = format!("layer {n}, when {cancelled} was cancelled,");
            if n < cancelled {
                assert_live(&name, context);
            } else {
                assert_canceled(&name, context);
            }
        }
    }
}

/// Three threads make children and grandchildren, until they find the parent done; a fourth cancels it.
#[test]
fn no_child_escapes() {
    // CX-10
    must_end(
        "a thread makes children, or cancels, and does not end",
        || {
            for _ in 0..30 {
                let (parent, guard) = child();
                let made = AtomicUsize::new(0);
                let threads = AtomicUsize::new(0);
                together(4, || {
                    if threads.fetch_add(1, SeqCst) == 0 {
                        while made.load(SeqCst) < 5 {
                            thread::yield_now();
                        }
                        guard.cancel();
                        return;
                    }
                    let mut children = Vec::new();
                    while parent.err().is_none() && children.len() < 100 {
                        let (child, child_guard) = parent.with_cancel();
                        children.push((child.with_cancel(), child, child_guard));
                        made.fetch_add(1, SeqCst);
                    }
                    // The error may be there before the other's cancellation has returned. This one is whole when it returns.
                    guard.cancel();
                    for ((grandchild, _), child, _) in &children {
                        assert_canceled("a child, when its parent's `cancel` has returned,", child);
                        let name = "a grandchild, when the `cancel` above it has returned,";
                        assert_canceled(name, grandchild);
                    }
                });
            }
        },
    );
}

/// A thread of its own could propagate, or wait for the parent, or take over where there are many children. The operating
/// system refuses the first, and that is the one that the test asks for when a thousand children are cancelled.
#[test]
fn no_thread_is_needed() {
    // CX-37
    let (parent, guard) = child();
    let made = Mutex::new((Vec::new(), None));
    let panic = panic_of(|| {
        refuse_only(0, || {
            let children = Vec::from_iter((0..1000).map(|_| parent.with_cancel()));
            guard.cancel();
            let refused = Builder::new().spawn(|| {}).is_err();
            *made.lock().expect("nobody else has it") = (children, Some(refused));
        });
    });
    assert_eq!(
        panic, None,
        "no thread could be had, and a call panicked with this message"
    );
    let (children, refused) = made.into_inner().expect("nobody else has it");
    for (below, _) in &children {
        assert_canceled("one of a thousand children", below);
    }
    assert_eq!(
        refused,
        Some(true),
        "the system refuses the first thread, which should be the test's own: `with_cancel` or `cancel` has asked for one"
    );
}
