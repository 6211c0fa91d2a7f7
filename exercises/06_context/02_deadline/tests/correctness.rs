//! What deadlines do, on real threads, most of them by a clock that the test moves. IDs such as CX-17 name behaviours of
//! Go's contexts.

use channels::real::{Arm, Waiter};
use deadline::{CancelOnDrop, Context, ContextError, Timers};
use harness::sync::real::channel::{RecvError, TryRecvError};
use harness::sync::real::thread::refuse_after;
use harness::sync::real::time::{Clock, Duration, Instant};
use harness::testing::{
    let_others_run, must_end, must_sleep_on_threads, panic_of, unwinding_if, wait_until,
    while_unwinding,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;

const HOUR: Duration = Duration::from_secs(3600);
const NANOSECOND: Duration = Duration::from_nanos(1);
const IN_RECV: &str = "the deadline has come, and a thread is still in `done().recv()`";

/// A clock that has run for an hour, alarms that go by it, and a root.
fn root() -> (Clock, Arc<Timers>, Context) {
    let clock = Clock::manual();
    clock.advance(HOUR);
    let timers = Arc::new(Timers::new(clock.clone()));
    let root = Context::background(Arc::clone(&timers));
    (clock, timers, root)
}

#[track_caller]
fn assert_done(name: &str, context: &Context, error: ContextError) {
    assert_eq!(context.err(), Some(error), "the error of {name}");
    let cause = context
        .cause()
        .expect("where there is an error there is a cause");
    assert_eq!(
        cause.downcast_ref(),
        Some(&error),
        "the cause of {name}, which should be the error itself, and says: {cause}"
    );
    // The channel may be disconnected a moment later, by the thread that is about to.
    assert_eq!(
        context.done().recv(),
        Err(RecvError),
        "what `done` of {name} sent"
    );
}

#[track_caller]
fn assert_canceled(name: &str, context: &Context) {
    assert_done(name, context, ContextError::Canceled);
}

#[track_caller]
fn assert_late(name: &str, context: &Context) {
    assert_done(name, context, ContextError::DeadlineExceeded);
}

#[track_caller]
fn assert_live(name: &str, context: &Context) {
    assert_eq!(context.err(), None, "error of {name}, which is not done");
    assert!(
        context.cause().is_none(),
        "{name} has a cause, and no error"
    );
    let channel = context.done().try_recv();
    assert_eq!(channel, Err(TryRecvError::Empty), "the channel of {name}");
}

/// Sleeps until the context is done.
fn wait_for(context: &Context) {
    assert_eq!(context.done().recv(), Err(RecvError), "what `done` sent");
}

#[test]
fn what_is_shared_between_threads_can_be() {
    let (_clock, _timers, _root) = root();
    harness::assert_bounds!(Context: Send + Sync);
    harness::assert_bounds!(CancelOnDrop: Send + Sync);
}

/// A root and its child without a timeout have no deadline, and no alarm is set: however late it is, they are not done.
#[test]
fn without_a_timeout_there_is_no_deadline() {
    // CX-01
    let (clock, timers, root) = root();
    let (child, guard) = root.with_cancel();
    clock.advance(1_000_000 * HOUR);
    let_others_run();
    for (name, context) in [("the root", &root), ("its child", &child)] {
        assert_live(name, context);
        assert_eq!(context.deadline(), None, "deadline of {name}");
    }
    assert_eq!(timers.set(), 0, "how many alarms were set");
    guard.cancel();
    assert_canceled("the child", &child);
    assert_live("the root", &root);
}

/// A nanosecond before the deadline nothing has happened. At the deadline the context is done and what is below it, with
/// `DeadlineExceeded` as error and cause, and nothing above.
#[test]
fn a_context_is_done_at_its_deadline() {
    // CX-05, CX-17, CX-28
    must_end(IN_RECV, || {
        let (clock, timers, root) = root();
        let deadline = clock.now() + HOUR;
        for by_timeout in [true, false] {
            let deadline = deadline + if by_timeout { Duration::ZERO } else { HOUR };
            let (context, _guard) = match by_timeout {
                true => root.with_timeout(HOUR),
                false => root.with_deadline(deadline),
            };
            let (below, _below_guard) = context.with_cancel();
            assert_eq!(context.deadline(), Some(deadline), "its deadline");
            assert_eq!(below.deadline(), Some(deadline), "the deadline below");
            assert_eq!(timers.pending(), 1, "how many alarms are pending");
            clock.advance(HOUR - NANOSECOND);
            let_others_run();
            assert_live("a context, a nanosecond before its deadline", &context);
            clock.advance(NANOSECOND);
            wait_until(
                "a context is not done when the clock shows its deadline",
                || context.err().is_some(),
            );
            wait_for(&below);
            assert_late("a context at its deadline", &context);
            assert_late("the one below", &below);
            let error = context.err().expect("it is late");
            assert!(error.is_timeout(), "{error} is a timeout");
            assert_live("the root", &root);
        }
    });
}

/// A context has a deadline, and two are below it: one without a timeout, and one with a longer timeout. Nobody keeps the context
/// itself, only its guard. Those below are done at its deadline all the same.
#[test]
fn a_deadline_ends_those_below_a_context_that_nobody_keeps() {
    // CX-05, CX-19
    let (clock, timers, root) = root();
    let (_guard, without, longer) = {
        let (context, guard) = root.with_timeout(HOUR);
        (guard, context.with_cancel(), context.with_timeout(2 * HOUR))
    };
    assert_eq!(
        timers.pending(),
        1,
        "how many alarms are pending for a context that nobody keeps, and whose guard is there"
    );
    clock.advance(HOUR);
    for (name, below) in [
        ("one without a timeout", &without.0),
        ("one with a longer timeout", &longer.0),
    ] {
        wait_until(
            &format!(
                "at the deadline of a context whose guard is there, {name} below it is not done"
            ),
            || below.err().is_some(),
        );
        assert_late(name, below);
    }
}

/// A timeout on the clock of the machine counts from the call, and is not over too soon.
#[test]
fn the_clock_of_the_machine_ends_a_context_and_not_too_soon() {
    // CX-17
    must_end(IN_RECV, || {
        let clock = Clock::real();
        let root = Context::background(Arc::new(Timers::new(clock.clone())));
        for timeout in [1, 5, 20].map(Duration::from_millis) {
            let begun = clock.now();
            let (context, _guard) = root.with_timeout(timeout);
            wait_for(&context);
            let waited = clock.now() - begun;
            assert!(
                waited >= timeout,
                "a timeout of {timeout:?} was over after {waited:?}"
            );
            assert_late("the context", &context);
        }
    });
}

/// The clock shows a context's own deadline when it is made, or has passed it. The context is done when the call returns, and no
/// alarm is set, below a root and below a parent that has a later deadline.
#[test]
fn a_deadline_that_is_not_in_the_future_is_over_at_once() {
    // CX-18
    let (clock, timers, root) = root();
    let (later, _later_guard) = root.with_timeout(HOUR);
    let just_over = Instant::default() + (HOUR - NANOSECOND);
    for (name, parent) in [("a root", &root), ("a parent with a later one", &later)] {
        for moment in [clock.now(), just_over, Instant::default()] {
            let (context, guard) = parent.with_deadline(moment);
            let more = timers.set() - 1;
            assert_eq!(
                more, 0,
                "how many alarms were set for what is over, below {name}"
            );
            assert_late("a context whose deadline was over", &context);
            assert_eq!(context.deadline(), Some(moment), "its deadline");
            guard.cancel();
            assert_late("a context that was cancelled when it was late", &context);
        }
        let (context, _guard) = parent.with_timeout(Duration::ZERO);
        let more = timers.set() - 1;
        assert_eq!(
            more, 0,
            "how many alarms were set for no time, below {name}"
        );
        assert_late("a context with a timeout of zero", &context);
        let deadline = context.deadline();
        assert_eq!(
            deadline,
            Some(clock.now()),
            "the deadline of a timeout of zero"
        );
        let (below, _below_guard) = context.with_timeout(HOUR);
        assert_late("a context below one that is late", &below);
        assert_live(name, parent);
    }
}

/// Three contexts, one below the other. Each has the earliest of the deadlines that it and those above it were given, and an alarm is
/// set only for one that is earlier than that of the context above.
#[test]
fn the_earlier_deadline_wins() {
    // CX-19
    must_end(IN_RECV, || {
        for (hours, alarms) in [
            ([2, 3, 4], 1),
            ([2, 2, 1], 2),
            ([3, 2, 1], 3),
            ([1, 3, 2], 1),
        ] {
            let (clock, timers, root) = root();
            let begun = clock.now();
            let (first, _first_guard) = root.with_timeout(hours[0] * HOUR);
            let (between, _between_guard) = first.with_cancel();
            let (second, _second_guard) = between.with_deadline(begun + hours[1] * HOUR);
            let (third, _third_guard) = second.with_timeout(hours[2] * HOUR);
            let mut deadline = u32::MAX;
            for (context, hour) in [&first, &second, &third].into_iter().zip(hours) {
                deadline = deadline.min(hour);
                let expected = Some(begun + deadline * HOUR);
                assert_eq!(
                    context.deadline(),
                    expected,
                    "a deadline, of {hours:?} hours"
                );
            }
            assert_eq!(
                timers.set(),
                alarms,
                "how many alarms were set for {hours:?} hours"
            );
            clock.advance(deadline * HOUR);
            wait_for(&third);
            assert_late("the last of three", &third);
            if deadline < hours[0] {
                assert_live("the first of three", &first);
            }
        }
    });
}

/// At its deadline a context is done, and not its sibling, which has a later one, and not its parent.
#[test]
fn a_deadline_ends_nothing_above_and_nothing_beside() {
    // CX-06
    must_end(IN_RECV, || {
        let (clock, _timers, root) = root();
        let (parent, _guard) = root.with_timeout(3 * HOUR);
        let (short, _short_guard) = parent.with_timeout(HOUR);
        let (long, _long_guard) = parent.with_timeout(2 * HOUR);
        clock.advance(HOUR);
        wait_for(&short);
        let_others_run();
        assert_late("the one whose time is over", &short);
        assert_live("its sibling", &long);
        assert_live("its parent", &parent);
        clock.advance(HOUR);
        wait_for(&long);
        assert_late("its sibling", &long);
        assert_live("its parent", &parent);
    });
}

/// Contexts are cancelled before their deadlines, by `cancel` or by the drop of the guard, also by one while the thread panics. When
/// that returns their alarms are not pending any more, and at the deadline the error stays `Canceled`.
#[test]
fn cancelled_before_its_deadline_it_stays_cancelled() {
    // CX-20, CX-22
    for how in ["`cancel`", "the drop of the guard", "a drop that unwinds"] {
        let (clock, timers, root) = root();
        let (context, guard) = root.with_timeout(HOUR);
        let (below, below_guard) = context.with_timeout(HOUR / 2);
        assert_eq!(timers.pending(), 2, "how many alarms are pending");
        let mut kept = None;
        match how {
            "`cancel`" => {
                below_guard.cancel();
                guard.cancel();
                kept = Some((below_guard, guard));
            }
            "the drop of the guard" => drop((below_guard, guard)),
            _ => while_unwinding(|| drop((below_guard, guard))),
        }
        let pending = timers.pending();
        assert_eq!(
            pending, 0,
            "how many alarms are pending when all are cancelled, by {how}"
        );
        clock.advance(2 * HOUR);
        let_others_run();
        assert_canceled(&format!("a context that was cancelled by {how}"), &context);
        assert_canceled("the one below", &below);
        drop(kept);
    }
}

/// In a destructor, while its thread unwinds, a context is made, and another is cancelled by hand: the one has its deadline, and
/// the other no alarm any more.
#[test]
fn deadlines_work_while_a_thread_unwinds() {
    // CX-17, CX-20
    must_end(IN_RECV, || {
        let (clock, timers, root) = root();
        let (cancelled, guard) = root.with_timeout(HOUR / 2);
        let (context, _guard) = while_unwinding(|| {
            guard.cancel();
            root.with_timeout(HOUR)
        });
        assert_eq!(timers.pending(), 1, "how many alarms are pending");
        clock.advance(HOUR);
        wait_for(&context);
        assert_late("the context that was made", &context);
        assert_canceled("the context that was cancelled", &cancelled);
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

/// The deadline has come to a context and to the one below, and the timers' thread is held up when it disconnects one of the two.
/// Another thread drops the guard: it sleeps, in a destructor while the thread unwinds, too, as one of the two is not done.
#[test]
fn a_cancellation_that_waits_for_the_deadlines_sleeps() {
    for unwinds in [false, true] {
        let (clock, timers, root) = root();
        let (context, guard) = root.with_timeout(HOUR);
        // They are never dropped, as two threads never end.
        let context: &Context = Box::leak(Box::new(context));
        let below: &(Context, CancelOnDrop) = Box::leak(Box::new(context.with_cancel()));
        std::mem::forget(timers);
        let is_held_up = Arc::new(AtomicBool::new(false));
        let waiter: Arc<dyn Waiter> = Arc::new(HoldsUp(Arc::clone(&is_held_up)));
        for context in [context, &below.0] {
            let arm = Box::leak(Box::new(context.done().arm()));
            arm.register(&mut arm.lock(), &waiter, 0);
        }
        clock.advance(HOUR);
        wait_until(
            "the deadline has come, and no channel is disconnected",
            || is_held_up.load(SeqCst),
        );
        let call = match unwinds {
            false => "the drop of a guard",
            true => "the drop of a guard, while its thread unwinds,",
        };
        let because = "the timers' thread had not come to the end of its cancellation";
        must_sleep_on_threads(call, because, move || unwinding_if(unwinds, || drop(guard)));
    }
}

/// A context is cancelled after its deadline has come, and its guard is dropped. Its error and its cause stay `DeadlineExceeded`.
#[test]
fn cancelled_after_its_deadline_it_stays_late() {
    // CX-21
    must_end(IN_RECV, || {
        let (clock, _timers, root) = root();
        let (context, guard) = root.with_timeout(HOUR);
        let (below, below_guard) = context.with_cancel();
        clock.advance(HOUR);
        wait_for(&context);
        guard.cancel();
        guard.cancel();
        below_guard.cancel();
        assert_late("the context", &context);
        drop((guard, below_guard));
        assert_late("the context", &context);
        assert_late("the one below", &below);
    });
}

/// The parent is cancelled first, and the child's deadline comes later; or the child is made when the parent is done. A child
/// that is cancelled then takes its own alarm back, if it has one left.
#[test]
fn the_parents_end_comes_before_the_deadline() {
    // CX-05, CX-09
    let (clock, timers, root) = root();
    let (parent, guard) = root.with_cancel();
    let (child, child_guard) = parent.with_timeout(HOUR);
    let (sibling, sibling_guard) = parent.with_timeout(HOUR);
    guard.cancel();
    assert_canceled("the child", &child);
    sibling_guard.cancel();
    assert_canceled("its sibling", &sibling);
    let pending = timers.pending();
    assert!(
        pending <= 1,
        "{pending} alarms are pending, and one of the two children was cancelled after its parent"
    );
    let set = timers.set();
    for moment in [Instant::default(), clock.now(), clock.now() + HOUR] {
        let (late, _late_guard) = parent.with_deadline(moment);
        assert_canceled("a child of a context that is cancelled", &late);
    }
    assert_eq!(
        timers.set(),
        set,
        "alarms were set for children that were done"
    );
    clock.advance(2 * HOUR);
    let_others_run();
    assert_canceled("the child", &child);
    drop(child_guard);
    assert_eq!(timers.pending(), 0, "how many alarms are pending");
}

/// A parent with a deadline is cancelled before it. Its children are done, and have deadlines all the same.
#[test]
fn a_child_of_a_cancelled_context_has_the_earlier_deadline() {
    // CX-19
    let (clock, _timers, root) = root();
    let begun = clock.now();
    let (parent, guard) = root.with_timeout(HOUR);
    guard.cancel();
    for (given, expected) in [(2 * HOUR, HOUR), (HOUR / 2, HOUR / 2)] {
        let (child, _child_guard) = parent.with_deadline(begun + given);
        assert_canceled("a child of a context that is cancelled", &child);
        assert_eq!(
            child.deadline(),
            Some(begun + expected),
            "the deadline of a child that was given {given:?}, below one with an hour"
        );
    }
}

/// A timeout whose end is later than the clock can show sets no deadline and no alarm. A child of the root has none then, and a child of
/// a context with a deadline has that one.
#[test]
fn a_deadline_beyond_the_clock_never_comes() {
    let (clock, timers, root) = root();
    let (context, _guard) = root.with_timeout(Duration::MAX);
    assert_eq!(
        context.deadline(),
        None,
        "the deadline of a child of the root, with a timeout beyond the clock"
    );
    let (parent, _parent_guard) = root.with_timeout(HOUR);
    let (child, _child_guard) = parent.with_timeout(Duration::MAX - NANOSECOND);
    assert_eq!(
        child.deadline(),
        parent.deadline(),
        "the child's deadline, and its parent's"
    );
    assert_eq!(timers.set(), 1, "how many alarms were set");
    clock.advance(HOUR / 2);
    assert_live("a context whose deadline never comes", &context);
}

/// A hundred deadlines in no order, some of them cancelled. At each step those are done that are due, and no others.
#[test]
fn each_of_a_hundred_deadlines_comes_at_its_time() {
    // CX-17, CX-20
    must_end(IN_RECV, || {
        let (clock, timers, root) = root();
        let begun = clock.now();
        let contexts: Vec<_> = (0..100)
            .map(|n| root.with_deadline(begun + (n * 37 % 100 + 1) * HOUR))
            .collect();
        for (_, guard) in contexts.iter().step_by(3) {
            guard.cancel();
        }
        for hours in [1, 2, 50, 51, 99, 100] {
            let now = begun + hours * HOUR;
            clock.advance(now - clock.now());
            for (n, (context, _)) in contexts.iter().enumerate() {
                let deadline = context.deadline().expect("it was given one");
                let name = format!("context {n}, after {hours} hours,");
                if n % 3 == 0 {
                    assert_canceled(&name, context);
                } else if deadline <= now {
                    wait_for(context);
                    assert_late(&name, context);
                } else {
                    assert_live(&name, context);
                }
            }
        }
        assert_eq!(timers.pending(), 0, "how many alarms are pending");
    });
}

/// A thread waits while the deadline comes and another cancels. All see the same error, whichever it is.
#[test]
fn beside_a_cancellation_all_see_one_error() {
    // CX-20, CX-21
    must_end(IN_RECV, || {
        for _ in 0..100 {
            let (clock, _timers, root) = root();
            let (context, guard) = root.with_timeout(HOUR);
            let seen = thread::scope(|s| {
                let waits = s.spawn(|| {
                    wait_for(&context);
                    context.err()
                });
                let cancels = s.spawn(|| {
                    guard.cancel();
                    context.err()
                });
                clock.advance(HOUR);
                wait_for(&context);
                let mine = context.err();
                [waits.join(), cancels.join(), Ok(mine)].map(|seen| seen.expect("it is done"))
            });
            assert!(seen[0].is_some(), "it is done, and has no error");
            assert_eq!(seen, [seen[0]; 3], "the errors that three threads saw");
        }
    });
}

/// The operating system refuses the thread that an alarm needs. The call panics, the parent is as it was, and the next call tries again.
#[test]
fn a_thread_that_is_refused_leaves_the_parent_as_it_was() {
    let (clock, timers, root) = root();
    let panic = panic_of(|| {
        let _made = refuse_after(0, || root.with_timeout(HOUR));
    });
    assert!(
        panic.is_some(),
        "no thread could be had, and `with_timeout` returned"
    );
    assert_live("the parent", &root);
    assert_eq!(timers.pending(), 0, "how many alarms are pending");
    // One thread can be had, and that is all that deadlines need.
    let (context, _guard) = refuse_after(1, || root.with_timeout(HOUR));
    clock.advance(HOUR);
    wait_until(
        "the next context with a deadline is not done when it has come",
        || context.err().is_some(),
    );
}
