//! Nothing of a context stays behind when it is done: not with its parent, not on the heap, and no stack is too short
//! for the tree.

#![allow(
    clippy::drop_non_drop,
    clippy::forget_non_drop,
    reason = "the stub has nothing to drop"
)]

use cancellation::{CancelOnDrop, Cause, Context, ContextError};
use harness::leaks::{self, Tracked, bytes_left_by, track};
use harness::testing::must_end;
use std::error::Error;
use std::fmt;
use std::mem;
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

const MANY: usize = 100_000;

fn child() -> (Context, CancelOnDrop) {
    Context::background().with_cancel()
}

/// A cause that must be dropped.
#[derive(Debug)]
struct Because(#[expect(dead_code, reason = "it is only dropped")] Tracked<u32>);

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("because")
    }
}

impl Error for Because {}

/// Who goes first makes no difference: the parent's guard, the child's, or the contexts.
#[test]
fn a_tree_goes_in_any_order() {
    leaks::check(|| {
        for order in 0..4 {
            let (parent, guard) = child();
            let (below, below_guard) = parent.with_cancel();
            let (bottom, bottom_guard) = below.with_cancel();
            let cause = Arc::new(Because(track(1)));
            match order {
                0 => guard.cancel_with(ContextError::Canceled, Some(cause)),
                1 => below_guard.cancel_with(ContextError::Canceled, Some(cause)),
                2 => drop((parent.clone(), below.clone(), cause)),
                _ => {
                    guard.cancel();
                    guard.cancel_with(ContextError::Canceled, Some(cause));
                }
            }
            match order % 2 {
                0 => drop((guard, below_guard, bottom_guard, bottom, below, parent)),
                _ => drop((parent, below, bottom, bottom_guard, below_guard, guard)),
            }
        }
    });
}

/// The parent lives on. What it keeps of a child adds up from round to round.
#[test]
fn a_child_that_is_cancelled_leaves_its_parent() {
    // CX-07
    let (parent, _guard) = child();
    leaks::check(|| {
        let siblings: Vec<_> = (0..10).map(|_| parent.with_cancel()).collect();
        for (n, (below, guard)) in siblings.into_iter().enumerate() {
            let (_grandchild, _grandchild_guard) = below.with_cancel();
            let cause = Arc::new(Because(track(2)));
            if n % 2 == 0 {
                guard.cancel_with(ContextError::Canceled, Some(cause));
            }
        }
    });
}

/// A hundred thousand children come and go, and one stays: their parent keeps that one and nothing else, and reaches it in the
/// end.
#[test]
fn a_hundred_thousand_children_leave_nothing() {
    // CX-07
    let left = bytes_left_by(|| {
        let (parent, guard) = child();
        let (stays, stays_guard) = parent.with_cancel();
        for _ in 0..MANY {
            drop(parent.with_cancel());
        }
        mem::forget((parent, stays_guard, stays.clone()));
        assert_eq!(stays.err(), None, "only its siblings are cancelled");
        guard.cancel();
        assert!(
            stays.err().is_some(),
            "its parent is cancelled, and it is not done"
        );
    });
    assert!(
        left < 10_000,
        "{MANY} children have been made and cancelled, and {left} bytes are left with their parent"
    );
}

/// Parents that are done live on, and the children that they have cancelled are dropped. Each new parent may add a list that
/// keeps its capacity, for which 32 bytes a child are room, and nothing else.
#[test]
fn a_parent_that_is_cancelled_keeps_no_child() {
    // CX-08
    const CHILDREN: isize = 500;
    let left = |parents| {
        bytes_left_by(move || {
            let root = Context::background();
            for _ in 0..parents {
                let (parent, guard) = root.with_cancel();
                let children: Vec<_> = (0..CHILDREN).map(|_| parent.with_cancel()).collect();
                guard.cancel();
                drop((children, guard));
                mem::forget(parent);
            }
            mem::forget(root);
        })
    };
    let each = (left(10) - left(2)) / 8;
    assert!(
        each < 32 * CHILDREN,
        "a parent that is done keeps {each} bytes of its {CHILDREN} children, which are dropped"
    );
}

#[test]
fn a_parent_that_is_done_registers_nobody() {
    // CX-09
    let (parent, guard) = child();
    guard.cancel();
    leaks::check(|| {
        let (_below, _below_guard) = parent.with_cancel();
    });
}

/// A hundred thousand levels, cancelled from the top and dropped from either end: recursion would need as many frames.
#[test]
fn a_deep_tree_is_cancelled_and_dropped() {
    for drops_the_top_first in [true, false] {
        must_end("a deep tree is still being cancelled", move || {
            let (top, guard) = child();
            let mut chain = vec![top.with_cancel()];
            for level in 1..MANY {
                chain.push(chain[level - 1].0.with_cancel());
            }
            let given: Cause = Arc::new(ContextError::Canceled);
            guard.cancel_with(ContextError::Canceled, Some(Arc::clone(&given)));
            let has_it = |cause: Cause| Arc::ptr_eq(&cause, &given);
            let is_done = chain
                .iter()
                .all(|(context, _)| context.cause().is_some_and(has_it));
            assert!(is_done, "one of {MANY} levels has not got the cause");
            if !drops_the_top_first {
                chain.reverse();
            }
            drop(chain);
        });
    }
}

/// A hundred thousand levels, cancelled level by level from the bottom, and with nobody left but the guard of the
/// top: recursion would need as many frames.
#[test]
fn a_deep_tree_is_taken_down_from_the_bottom() {
    must_end("a deep tree is still being taken down", || {
        let (top, guard) = child();
        let mut guards = Vec::new();
        let mut last = top;
        for _ in 0..MANY {
            let (below, guard) = last.with_cancel();
            guards.push(guard);
            last = below;
        }
        guards.drain(MANY / 2..).rev().for_each(drop);
        drop(last);
        drop(guard);
        drop(guards);
    });
}
