//! Nothing of a deadline stays behind: no alarm, no memory, and no thread when the tree is gone.

#![allow(
    clippy::drop_non_drop,
    clippy::forget_non_drop,
    reason = "the stub has nothing to drop"
)]

use deadline::{Context, Timers};
use harness::leaks::{self, bytes_left_by};
use harness::sync::real::thread::refuse_after;
use harness::sync::real::time::{Clock, Duration};
use harness::testing::{panic_of, wait_until};
use std::mem;
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

const HOUR: Duration = Duration::from_secs(3600);

/// A clock that has run for an hour, alarms that go by it, and a root.
fn root() -> (Clock, Arc<Timers>, Context) {
    let clock = Clock::manual();
    clock.advance(HOUR);
    let timers = Arc::new(Timers::new(clock.clone()));
    let root = Context::background(Arc::clone(&timers));
    (clock, timers, root)
}

/// Contexts, guards and alarms go in several orders, before the deadline and after it. The timers' thread ends with the
/// last of those who use it.
#[test]
fn a_tree_with_deadlines_goes_in_any_order() {
    leaks::check(|| {
        for order in 0..4 {
            let (clock, timers, root) = root();
            let (parent, guard) = root.with_timeout(2 * HOUR);
            let (child, child_guard) = parent.with_timeout(HOUR);
            match order {
                0 => drop((root, timers, guard, child_guard, parent, child)),
                1 => drop((child, parent, child_guard, guard, timers, root)),
                2 => {
                    clock.advance(HOUR);
                    wait_until("the child is not done at its deadline", || {
                        child.err().is_some()
                    });
                    drop((parent, child, root, timers, child_guard, guard));
                }
                _ => {
                    clock.advance(2 * HOUR);
                    drop((guard, timers, child_guard, parent, root, child));
                }
            }
        }
    });
}

/// The root and its timers live on. What they keep of a context adds up from round to round.
#[test]
fn a_context_that_is_cancelled_leaves_no_alarm() {
    // CX-07, CX-20
    let (_clock, timers, root) = root();
    let made_the_thread = root.with_timeout(HOUR);
    drop(made_the_thread);
    leaks::check(|| {
        let contexts: Vec<_> = (0..10).map(|_| root.with_timeout(HOUR)).collect();
        for (n, (context, guard)) in contexts.into_iter().enumerate() {
            let _below = context.with_timeout(HOUR / 2);
            if n % 2 == 0 {
                guard.cancel();
            }
        }
    });
    assert_eq!(timers.pending(), 0, "how many alarms are pending");
}

/// A hundred thousand contexts with deadlines, one after another, and one that stays.
#[test]
fn a_hundred_thousand_deadlines_leave_nothing() {
    // CX-20
    const MANY: usize = 100_000;
    let left = bytes_left_by(|| {
        let (_clock, timers, root) = root();
        let stays = root.with_timeout(HOUR);
        for _ in 0..MANY {
            drop(root.with_timeout(HOUR));
        }
        assert_eq!(timers.pending(), 1, "how many alarms are pending");
        mem::forget((timers, root, stays));
    });
    assert!(
        left < 20_000,
        "{MANY} contexts with deadlines have been made and cancelled, and {left} bytes are left"
    );
}

/// Ten deadlines come. When contexts and guards are dropped, nothing of them is left.
#[test]
fn a_deadline_that_has_come_leaves_nothing() {
    // CX-17
    let (clock, timers, root) = root();
    let made_the_thread = root.with_timeout(HOUR);
    drop(made_the_thread);
    leaks::check(|| {
        let contexts: Vec<_> = (0..10).map(|_| root.with_timeout(HOUR)).collect();
        clock.advance(HOUR);
        for (context, _) in &contexts {
            wait_until("a context is not done at its deadline", || {
                context.err().is_some()
            });
        }
        drop(contexts);
        // The alarm is over when the timers' thread has let go of the function.
        wait_until("an alarm is pending", || timers.pending() == 0);
    });
}

/// No alarm was needed: the parent ends first, the deadline is over, or it never comes. Nothing is left of such a context, in a
/// tree that lives on, and in one that is dropped: then the timers and their thread go with it.
#[test]
fn a_deadline_without_an_alarm_leaves_nothing() {
    // CX-18, CX-19
    let (_clock, _timers, lives_on) = root();
    let (lives_on, _guard) = lives_on.with_timeout(HOUR);
    leaks::check(|| {
        let (clock, _timers, is_dropped) = root();
        let (is_dropped, _guard) = is_dropped.with_timeout(HOUR);
        for parent in [&lives_on, &is_dropped] {
            drop(parent.with_timeout(2 * HOUR));
            drop(parent.with_timeout(Duration::ZERO));
            drop(parent.with_deadline(clock.now()));
            drop(parent.with_timeout(Duration::MAX));
        }
    });
}

/// The operating system refuses the thread that an alarm needs. Nothing is left of the context that could not be made, in a tree
/// that lives on, and in one that is dropped.
#[test]
fn a_thread_that_is_refused_leaves_nothing() {
    let (_clock, _timers, lives_on) = root();
    leaks::check(|| {
        let (_clock, _timers, is_dropped) = root();
        for root in [&lives_on, &is_dropped] {
            let panic = panic_of(|| drop(refuse_after(0, || root.with_timeout(HOUR))));
            assert!(
                panic.is_some(),
                "no thread could be had, and `with_timeout` returned"
            );
        }
    });
}
