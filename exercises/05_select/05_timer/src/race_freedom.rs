//! Every interleaving of a few small programs. IDs such as TM-02 name behaviours of Go's timers.
//!
//! The clock stands still until `main` advances it. What fires then does so on a thread that `main` does not
//! see: at once, in the middle of whatever `main` does next, or long after. Models with a bound of
//! preemptions have more than 4,000 interleavings without it, and at most about 1,000 with it.

#![allow(clippy::drop_non_drop, reason = "the stub has nothing to drop")]

use crate::sync::channel::unbounded;
use crate::sync::thread;
use crate::sync::time::{Clock, Duration, Instant};
use crate::{Callback, Timer, Timers};
use harness::testing::{
    Flag, Slot, both, let_others_sleep, must_sleep, must_sleep_again, panic_of, staged_panic,
    threads_at_once,
};
use std::sync::{Arc, Mutex, OnceLock};

const SECOND: Duration = Duration::from_secs(1);
const NANOSECOND: Duration = Duration::from_nanos(1);

/// What holds if a function has sent something.
const CALLED: &str = "the function is called before it is dropped";

/// Timers, and the clock that they go by.
fn on_a_manual_clock() -> (Clock, Timers) {
    let clock = Clock::manual();
    (clock.clone(), Timers::new(clock))
}

/// The moment `after` the clock began.
fn at(after: Duration) -> Instant {
    Instant::default() + after
}

#[track_caller]
fn receives(timer: &Timer, earliest: Duration, now: Duration) {
    let tick = timer.ticks().recv().expect("the timer has a sender");
    assert!(
        at(earliest) <= tick && tick <= at(now),
        "a tick says that the clock showed {tick} when the timer fired, and it can have shown {earliest:?} to {now:?} then"
    );
}

#[track_caller]
fn nothing_to_receive(timer: &Timer, because: &str) {
    if let Ok(tick) = timer.ticks().try_recv() {
        panic!("received a tick of {tick}, but {because}");
    }
}

/// A timer of two seconds fires when the second of them has passed, and not after the first, though the thread wakes up for no
/// reason, up to three times. Catches a thread that is not there, or sleeps on, and a deadline that is not looked at again
/// after each wakeup.
#[test]
fn a_timer_fires_when_its_delay_has_passed() {
    // TM-01
    for (wakeups, preemptions, turns) in [(1, 2, 0), (3, 0, 3)] {
        harness::Model::new()
            .spurious_wakeups(wakeups)
            .preemption_bound(preemptions)
            .check(move || {
                let (clock, timers) = on_a_manual_clock();
                let timer = timers.after(2 * SECOND);
                let_others_sleep(turns);
                clock.advance(SECOND);
                nothing_to_receive(&timer, "only one of two seconds had passed");
                clock.advance(SECOND);
                receives(&timer, 2 * SECOND, 2 * SECOND);
            });
    }
}

/// The thread wakes up once for no reason, before a timer that has a second, or one that never fires, and falls asleep again.
/// Catches one that goes on to look.
#[test]
fn a_thread_that_wakes_up_for_no_reason_sleeps_again() {
    for delay in [SECOND, Duration::MAX] {
        must_sleep_again("the timers' thread", move |steps| {
            let (clock, timers) = on_a_manual_clock();
            clock.advance(SECOND);
            let timer = timers.after(delay);
            steps();
            nothing_to_receive(&timer, "the delay had not passed");
        });
    }
}

/// As long as the delay has not passed, `stop` returns `true`, and the function is not called then. It is
/// called if `stop` returns `false`. Catches a `stop` that does not look whether the function is being
/// called.
#[test]
fn a_call_is_prevented_or_happens() {
    // TM-02
    harness::model(|| {
        let (clock, timers) = on_a_manual_clock();
        let written = Arc::new(Slot::empty("written"));
        let (called, calls) = unbounded();
        let callback = timers.after_func(SECOND, {
            let written = Arc::clone(&written);
            move || {
                written.write(1);
                let _ = called.send(());
            }
        });
        clock.advance(SECOND);
        match callback.stop() {
            // If the function is called after all, the two writes are a data race.
            true => written.write(2),
            false => calls.recv().expect(CALLED),
        }
    });
}

/// The tick of a timer that fires is received by another thread, or `stop` returns `true`: one of the two,
/// never both, never neither. Catches a timer that leaves the queue in one step and sends its tick in
/// another: `stop` comes between.
///
/// At most three preemptions in each interleaving: 1,021 of 6,672.
#[test]
fn a_tick_is_prevented_or_received() {
    // TM-02, TM-03
    harness::Model::new().preemption_bound(3).check(|| {
        let (clock, timers) = on_a_manual_clock();
        let timer = timers.after(SECOND);
        clock.advance(SECOND);
        let (is_stopped, received) = both(|| timer.stop(), || timer.ticks().try_recv().ok());
        let received = received.or_else(|| timer.ticks().try_recv().ok());
        assert!(
            is_stopped != received.is_some(),
            "`stop` returned {is_stopped}, and the tick was {}received",
            if received.is_some() { "" } else { "not " }
        );
    });
}

/// After `stop` there is nothing to receive, even if the timer had fired. Catches a tick that stays in the
/// channel, and one that is sent when `stop` has returned. With at most five preemptions.
#[test]
fn nothing_is_received_after_stop() {
    // TM-03
    harness::Model::new().loose_bound(6).check(|| {
        let (clock, timers) = on_a_manual_clock();
        let timer = timers.after(SECOND);
        clock.advance(SECOND);
        let prevented = timer.stop();
        nothing_to_receive(&timer, "`stop` had returned");
        assert!(
            prevented,
            "nobody had received the tick, but `stop` returned false"
        );
        assert!(
            !timer.stop(),
            "`stop` returned true for a timer that was stopped"
        );
        drop(timers);
        nothing_to_receive(&timer, "the timer was stopped");
    });
}

/// A timer fires, or is about to, and is reset by another second. What is received has the new deadline.
/// Catches the stale tick that is still in the channel after `reset`, and one that arrives between the taking
/// back and the new start.
#[test]
fn no_stale_tick_is_received_after_reset() {
    // TM-03
    harness::Model::new().preemption_bound(3).check(|| {
        let (clock, timers) = on_a_manual_clock();
        let timer = timers.after(SECOND);
        clock.advance(SECOND);
        let prevented = timer.reset(SECOND);
        nothing_to_receive(&timer, "the new delay had not passed");
        assert!(
            prevented,
            "nobody had received the tick, but `reset` returned false"
        );
        clock.advance(SECOND);
        receives(&timer, 2 * SECOND, 2 * SECOND);
        assert!(
            !timer.stop(),
            "the tick had been received, but `stop` returned true"
        );
    });
}

/// Two threads stop one timer: one of them is told that it did. Catches a `stop` that looks in one step and
/// removes in another.
#[test]
fn one_of_two_stops_prevents_it() {
    // TM-02
    harness::model(|| {
        let (_clock, timers) = on_a_manual_clock();
        let callback = timers.after_func(SECOND, || {});
        let (one, other) = both(|| callback.stop(), || callback.stop());
        assert!(
            one != other,
            "two calls of `stop` returned {one} and {other}"
        );
    });
}

/// Two threads stop or reset one timer, and nobody receives: each deadline that there was is prevented by one
/// call. Catches a `reset` in two steps, and a `stop` that takes back the tick of a later deadline.
fn every_deadline_is_prevented_once<H: Sync>(
    make: fn(&Timers) -> H,
    [call, other, stop]: [fn(&H) -> bool; 3],
    deadlines: usize,
) {
    let (_clock, timers) = on_a_manual_clock();
    let timer = make(&timers);
    let (one, two) = both(|| call(&timer), || other(&timer));
    let last = stop(&timer);
    let prevented = [one, two, last].into_iter().filter(|&yes| yes).count();
    assert_eq!(
        prevented, deadlines,
        "deadlines that were prevented, of all: the two calls returned {one} and {two}, and a last `stop` {last}"
    );
}

/// Two threads reset one timer, with ticks or with a function: each of its deadlines fires or is prevented, and the calls say
/// so once.
#[test]
fn two_resets_prevent_each_deadline_once() {
    // TM-02
    harness::Model::new().preemption_bound(2).check(|| {
        let calls: [fn(&Timer) -> bool; 3] =
            [|it| it.reset(SECOND), |it| it.reset(SECOND), Timer::stop];
        every_deadline_is_prevented_once(|timers| timers.after(SECOND), calls, 3);
    });
    harness::Model::new().preemption_bound(2).check(|| {
        let calls: [fn(&Callback) -> bool; 3] =
            [|it| it.reset(SECOND), |it| it.reset(SECOND), Callback::stop];
        every_deadline_is_prevented_once(|timers| timers.after_func(SECOND, || {}), calls, 3);
    });
}

/// One thread stops a timer while another resets it to a time that has come: each of its deadlines fires or is
/// prevented, and the calls say so once.
#[test]
fn a_stop_beside_a_reset_prevents_each_deadline_once() {
    // TM-02
    harness::Model::new().preemption_bound(2).check(|| {
        let calls: [fn(&Timer) -> bool; 3] =
            [Timer::stop, |it| it.reset(Duration::ZERO), Timer::stop];
        every_deadline_is_prevented_once(|timers| timers.after(SECOND), calls, 2);
    });
}

/// The thread sleeps until a deadline, or is about to, and then there is an earlier one, of a new timer.
/// Catches a thread that nobody wakes for it.
#[test]
fn an_earlier_timer_wakes_the_thread() {
    harness::Model::new().preemption_bound(3).check(|| {
        let (clock, timers) = on_a_manual_clock();
        let _later = timers.after_func(3 * SECOND, || {});
        let (called, calls) = unbounded();
        let _earlier = timers.after_func(SECOND, move || _ = called.send(()));
        clock.advance(SECOND);
        calls.recv().expect(CALLED);
    });
}

/// The thread sleeps until a deadline, or is about to, and `reset` makes it an earlier one. Catches a thread
/// that nobody wakes for it.
#[test]
fn an_earlier_deadline_wakes_the_thread() {
    harness::Model::new().preemption_bound(3).check(|| {
        let (clock, timers) = on_a_manual_clock();
        let (called, calls) = unbounded();
        let callback = timers.after_func(3 * SECOND, move || _ = called.send(()));
        assert!(
            callback.reset(SECOND),
            "the call had not begun, but `reset` returned false"
        );
        clock.advance(SECOND);
        calls.recv().expect(CALLED);
    });
}

/// A ticker has fired three times, and nobody has received anything: one tick is there. Catches ticks that
/// pile up, and a send that waits for the slow reader and holds up the timer behind it.
#[test]
fn ticks_do_not_pile_up_for_a_slow_reader() {
    // TM-05
    harness::Model::new().preemption_bound(2).check(|| {
        let (clock, timers) = on_a_manual_clock();
        let ticker = timers.ticker(2 * SECOND);
        let (called, calls) = unbounded();
        let _last = timers.after_func(5 * SECOND, move || _ = called.send(()));
        clock.advance(2 * SECOND);
        clock.advance(3 * SECOND);
        calls.recv().expect(CALLED);
        receives(&ticker, 2 * SECOND, 5 * SECOND);
        nothing_to_receive(
            &ticker,
            "one tick had been received, and more than one must not wait",
        );
    });
}

/// The clock has gone past three moments of a ticker before it could fire. There is one tick for all of them,
/// and the next comes at the fourth. Catches a ticker that makes up for what it missed, and one that counts
/// from the tick that was late.
#[test]
fn a_ticker_that_is_late_keeps_its_rhythm() {
    // TM-05
    harness::Model::new().preemption_bound(2).check(|| {
        let (clock, timers) = on_a_manual_clock();
        let ticker = timers.ticker(2 * SECOND);
        clock.advance(7 * SECOND);
        receives(&ticker, 7 * SECOND, 7 * SECOND);
        nothing_to_receive(&ticker, "the tick for the moments before had been received");
        clock.advance(SECOND);
        receives(&ticker, 8 * SECOND, 8 * SECOND);
        assert!(
            ticker.stop(),
            "a ticker was running, but `stop` returned false"
        );
        clock.advance(2 * SECOND);
        nothing_to_receive(&ticker, "the ticker was stopped");
    });
}

/// A ticker is late by whole periods: the clock shows the second of its moments when it fires, and that has passed, too. There is one
/// tick for both, and the next comes a period later.
#[test]
fn a_moment_that_the_clock_shows_has_its_tick_already() {
    // TM-05
    harness::Model::new().preemption_bound(2).check(|| {
        let (clock, timers) = on_a_manual_clock();
        let ticker = timers.ticker(2 * SECOND);
        clock.advance(4 * SECOND);
        receives(&ticker, 4 * SECOND, 4 * SECOND);
        // What is made now fires after what is due now.
        let behind = timers.after(Duration::ZERO);
        receives(&behind, 4 * SECOND, 4 * SECOND);
        nothing_to_receive(
            &ticker,
            "it is due every two seconds, the clock shows four, and one tick for both had been received",
        );
        clock.advance(2 * SECOND);
        receives(&ticker, 6 * SECOND, 6 * SECOND);
    });
}

/// A zero delay has passed when it begins: the clock need not advance, and `main` sleeps until the tick is
/// there. Catches a thread that looks at the clock for a moment that is later than the deadline.
#[test]
fn a_zero_delay_fires_at_once() {
    // TM-07
    harness::model(|| {
        let (_clock, timers) = on_a_manual_clock();
        let timer = timers.after(Duration::ZERO);
        receives(&timer, Duration::ZERO, Duration::ZERO);
    });
}

/// The time has not come, and nobody advances the clock: the thread sleeps. Catches one that looks at the
/// clock again and again, even if it lets others run in between.
#[test]
fn the_thread_sleeps_until_the_time_has_come() {
    must_sleep("the receive", "the delay had not passed", || {
        let (_clock, timers) = on_a_manual_clock();
        let timer = timers.after(SECOND);
        let tick = timer.ticks().recv();
        panic!("received {tick:?}, but the delay had not passed");
    });
}

/// A timer has fired, its tick has been received, and `reset` starts it anew; and a function that was stopped is called after
/// a `reset`. Catches a timer that can fire once only, and a `stop` that drops the function.
#[test]
fn a_timer_that_has_fired_can_be_started_again() {
    harness::Model::new().preemption_bound(2).check(|| {
        let (clock, timers) = on_a_manual_clock();
        let timer = timers.after(Duration::ZERO);
        receives(&timer, Duration::ZERO, Duration::ZERO);
        assert!(
            !timer.reset(SECOND),
            "the tick had been received, but `reset` returned true"
        );
        clock.advance(SECOND);
        receives(&timer, SECOND, SECOND);
    });
    harness::Model::new().preemption_bound(1).check(|| {
        let (_clock, timers) = on_a_manual_clock();
        let (called, calls) = unbounded();
        let callback = timers.after_func(SECOND, move || _ = called.send(()));
        assert!(callback.stop(), "it had not been called");
        assert!(
            !callback.reset(Duration::ZERO),
            "it was stopped, but `reset` returned true"
        );
        assert!(
            calls.recv().is_ok(),
            "the function was stopped and then reset, but it has been dropped"
        );
    });
}

/// Two timers have the same deadline, and both fire. Catches a queue in which one takes the place of the
/// other.
#[test]
fn timers_with_the_same_deadline_all_fire() {
    harness::Model::new().preemption_bound(2).check(|| {
        let (clock, timers) = on_a_manual_clock();
        let (one, other) = (timers.after(SECOND), timers.after(SECOND));
        clock.advance(SECOND);
        receives(&one, SECOND, SECOND);
        receives(&other, SECOND, SECOND);
    });
}

/// The clock shows one second. A delay of `Duration::MAX`, or a nanosecond less, would end later than it can show, and
/// the clock goes to its very end. Catches an addition that overflows, and a deadline that is cut off to the
/// last moment that there is.
#[test]
fn a_delay_without_an_end_never_passes() {
    // TM-07
    for less in [NANOSECOND, Duration::ZERO] {
        harness::model(move || {
            let (clock, timers) = on_a_manual_clock();
            clock.advance(SECOND);
            let never = timers.after_func(Duration::MAX - less, || {});
            clock.advance(Duration::MAX - SECOND);
            assert!(
                never.stop(),
                "the delay had not passed, and no clock will ever show its end; the timer runs until it is stopped, but \
                 `stop` returned false"
            );
        });
    }
}

/// While a function runs, `main` resets its timer and stops it, and makes another, stops it and drops it; the function does
/// not return before that. What was reset is to be called once more, and that can be prevented.
#[test]
fn nobody_waits_for_a_function_that_runs() {
    // TM-08
    harness::Model::new().preemption_bound(3).check(|| {
        let (_clock, timers) = on_a_manual_clock();
        let (go_on, told) = unbounded();
        let (running, runs) = unbounded();
        let callback = timers.after_func(Duration::ZERO, move || {
            let _ = running.send(());
            let _ = told.recv();
        });
        runs.recv().expect(CALLED);
        assert!(
            !callback.stop(),
            "the function was running, but `stop` returned true"
        );
        let prevented = [callback.reset(Duration::ZERO), callback.stop()];
        assert_eq!(
            prevented,
            [false, true],
            "the function was running, `reset` starts its timer again, and `stop` prevents that call"
        );
        let other = timers.after(SECOND);
        assert!(
            other.stop(),
            "the delay had not passed, but `stop` returned false"
        );
        drop(other);
        go_on.send(()).expect("the function waits");
        drop(callback);
        let again = runs.recv().is_ok();
        assert!(!again, "`stop` returned true, but the function was called");
    });
}

/// A function stops its own timer, and then resets it: it runs, so there is nothing to prevent, and it is
/// called once more. Catches a call under the lock, and a function that is lost when it has been called.
#[test]
fn a_function_may_reset_its_own_timer() {
    // TM-08
    harness::Model::new().preemption_bound(2).check(|| {
        let (clock, timers) = on_a_manual_clock();
        let own = Arc::new(OnceLock::new());
        let (twice, is_twice) = unbounded();
        let mut in_the_first = None;
        let callback = timers.after_func(SECOND, {
            let own = Arc::clone(&own);
            move || {
                let own: &Arc<crate::Callback> =
                    own.get().expect("is set before the clock advances");
                match in_the_first {
                    None => in_the_first = Some([own.stop(), own.reset(Duration::ZERO)]),
                    // Not a look at it here: a panic would go no further than the timers' thread.
                    Some(prevented) => _ = twice.send(prevented),
                }
            }
        });
        let callback = Arc::new(callback);
        assert!(
            own.set(Arc::clone(&callback)).is_ok(),
            "nobody else sets it"
        );
        clock.advance(SECOND);
        let prevented = is_twice.recv().expect(CALLED);
        assert_eq!(
            prevented, [false; 2],
            "whether `stop` and `reset` have prevented the call that they were in"
        );
        drop(timers);
    });
}

/// Three timers, made out of order, are all due when the thread looks. Catches a queue without an order, or
/// with the wrong one.
#[test]
fn timers_fire_in_the_order_of_their_deadlines() {
    // TM-09
    harness::Model::new().preemption_bound(3).check(|| {
        let (clock, timers) = on_a_manual_clock();
        let order = Arc::new(Mutex::new(Vec::new()));
        let (last, is_last) = unbounded();
        let [second, third, first] = [2, 3, 1].map(|seconds| {
            let order = Arc::clone(&order);
            (seconds * SECOND, move || {
                order.lock().expect("no panic").push(seconds)
            })
        });
        let mark_third = third.1;
        let _timers = (
            timers.after_func(second.0, second.1),
            timers.after_func(third.0, move || {
                mark_third();
                let _ = last.send(());
            }),
            timers.after_func(first.0, first.1),
        );
        clock.advance(3 * SECOND);
        is_last.recv().expect(CALLED);
        let order = order.lock().expect("no panic");
        assert_eq!(*order, [1, 2, 3], "deadlines of the timers, as they fired");
    });
}

/// A function panics, and the timer behind it fires all the same. Catches a panic that ends the thread.
#[test]
fn a_panic_of_a_function_stops_no_other_timer() {
    harness::Model::new().preemption_bound(3).check(|| {
        let (clock, timers) = on_a_manual_clock();
        let _panics = timers.after_func(SECOND, || staged_panic("the function's"));
        let later = timers.after(2 * SECOND);
        clock.advance(2 * SECOND);
        receives(&later, 2 * SECOND, 2 * SECOND);
    });
}

/// Two timers have one thread, and before the first there is none. Catches a thread for each timer, and one
/// that is there before it is needed.
#[test]
fn all_timers_share_a_thread() {
    harness::Model::new().preemption_bound(3).check(|| {
        let (clock, timers) = on_a_manual_clock();
        assert_eq!(threads_at_once(), 0, "threads before the first timer");
        let (one, calls_of_one) = unbounded();
        let (two, calls_of_two) = unbounded();
        let _one = timers.after_func(SECOND, move || _ = one.send(()));
        let _two = timers.after_func(2 * SECOND, move || _ = two.send(()));
        clock.advance(2 * SECOND);
        calls_of_one.recv().expect(CALLED);
        calls_of_two.recv().expect(CALLED);
        assert!(
            threads_at_once() <= 1,
            "{} threads for two timers",
            threads_at_once()
        );
    });
}

/// Two threads make the first two timers at once. Catches a look whether there is a thread that is not one step
/// with its start.
#[test]
fn the_first_timers_of_two_threads_share_a_thread() {
    harness::Model::new().preemption_bound(2).check(|| {
        let (_clock, timers) = on_a_manual_clock();
        let _both = both(|| timers.after(SECOND), || timers.after(SECOND));
        // One is the other thread that makes a timer.
        let started = threads_at_once() - 1;
        assert!(started <= 1, "{started} threads for two timers");
    });
}

/// The operating system refuses one thread of the program the timers' thread: the call panics. Another thread makes a timer
/// before, meanwhile or afterwards. It gets the timers' thread, so its timer fires.
#[test]
fn a_thread_that_is_refused_is_asked_for_again() {
    harness::Model::new().preemption_bound(2).check(|| {
        let (_clock, timers) = on_a_manual_clock();
        let refused =
            "timer: failed to spawn thread: no thread can be created: the test refuses it";
        let (timer, panic) = both(
            || timers.after(Duration::ZERO),
            || thread::refuse_after(0, || panic_of(|| drop(timers.after(SECOND)))),
        );
        // It does not panic if there is a thread already.
        assert_eq!(panic.as_deref().unwrap_or(refused), refused);
        receives(&timer, Duration::ZERO, Duration::ZERO);
    });
}

/// The timers are dropped while one is due: what it was to do happens before, or never. The thread ends.
/// Catches a thread that sleeps on when nobody is left to wake it, and a function that is called long after.
#[test]
fn when_the_timers_are_dropped_the_thread_ends() {
    harness::Model::new().preemption_bound(3).check(|| {
        let (clock, timers) = on_a_manual_clock();
        let never = timers.after_func(2 * SECOND, || {});
        let timer = timers.after(SECOND);
        clock.advance(SECOND);
        drop(timers);
        assert!(
            !never.stop(),
            "the timers had been dropped, which stops all of them, but `stop` returned true"
        );
        let prevented = timer.reset(Duration::ZERO);
        let because = match prevented {
            true => "the timers were dropped, and `reset` starts nothing then",
            false => "`reset` returned false: it was to take it back and return true",
        };
        nothing_to_receive(&timer, because);
    });
}

/// A handle is dropped a second before the function is due. Then the clock goes on, and a timer that is due
/// later fires: the function was not called. Catches a handle whose drop leaves its timer alone, and a thread
/// that looks for a timer that is gone.
#[test]
fn a_handle_that_is_dropped_stops_its_timer() {
    harness::Model::new().preemption_bound(2).check(|| {
        let (clock, timers) = on_a_manual_clock();
        let called = Arc::new(Flag::lowered("called"));
        let callback = timers.after_func(2 * SECOND, {
            let called = Arc::clone(&called);
            move || called.raise()
        });
        clock.advance(SECOND);
        drop(callback);
        clock.advance(2 * SECOND);
        let later = timers.after(Duration::ZERO);
        receives(&later, 3 * SECOND, 3 * SECOND);
        assert!(
            !called.is_raised(),
            "the handle was dropped in time, and the function was called"
        );
    });
}

/// What was done before a timer was made is visible in its function, although the thread was there before.
/// Catches a function that is handed over without a lock.
#[test]
fn a_function_sees_what_was_done_before() {
    harness::Model::new().preemption_bound(3).check(|| {
        let (_clock, timers) = on_a_manual_clock();
        let _first = timers.after(SECOND);
        let slot = Arc::new(Slot::empty("slot"));
        slot.write(7);
        let (called, calls) = unbounded();
        let _second = timers.after_func(Duration::ZERO, {
            let slot = Arc::clone(&slot);
            move || {
                assert_eq!(slot.read(), 7, "what was written before");
                let _ = called.send(());
            }
        });
        calls.recv().expect(CALLED);
    });
}
