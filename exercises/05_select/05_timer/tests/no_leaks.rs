//! No thread, no function, no entry and no memory stays behind, whichever way a timer ends.

#![allow(clippy::drop_non_drop, reason = "the stub has nothing to drop")]

use harness::leaks::{self, track};
use harness::sync::real::channel::unbounded;
use harness::sync::real::thread::refuse_after;
use harness::sync::real::time::{Clock, Duration};
use harness::testing::{assert_panics, must_end, unwinding_if};
use timer::Timers;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

const HOUR: Duration = Duration::from_secs(3600);

/// A timer that ticks, a ticker, a callback and one that never fires: all are running when the timers are
/// dropped, before or after their handles, and also by a thread that unwinds.
#[test]
fn the_thread_ends_when_the_timers_are_dropped() {
    leaks::check(|| {
        for (timers_first, unwinds) in [(false, false), (true, false), (false, true), (true, true)]
        {
            let timers = Timers::new(Clock::real());
            let owned = track("a function's");
            let handles = (
                timers.after(HOUR),
                timers.ticker(HOUR),
                timers.after(Duration::MAX),
                timers.after_func(HOUR, move || _ = owned.len()),
            );
            let drop_all = || {
                if timers_first {
                    drop(timers);
                    drop(handles);
                } else {
                    drop(handles);
                    drop(timers);
                }
            };
            unwinding_if(unwinds, drop_all);
        }
    });
}

/// Handles outlive the timers, which are dropped, or dropped while their thread unwinds: nothing of the functions stays, and
/// the receivers learn that nothing will come.
#[test]
fn dropped_timers_leave_nothing_to_their_handles() {
    leaks::check(|| {
        for unwinds in [false, true] {
            let when = if unwinds {
                ", while their thread unwound"
            } else {
                ""
            };
            let hangs = format!(
                "`Timers` were dropped{when}, and a receiver waits for a timer, or for the drop of what a function owned"
            );
            must_end(&hangs, move || {
                let timers = Timers::new(Clock::real());
                let (owned, is_dropped) = unbounded::<()>();
                let callback = timers.after_func(HOUR, move || drop(owned.clone()));
                let timer = timers.after(HOUR);
                unwinding_if(unwinds, || drop(timers));
                assert!(
                    is_dropped.recv().is_err(),
                    "what the function owns is dropped"
                );
                assert!(timer.ticks().recv().is_err(), "nobody is left to send");
                drop((timer, callback));
            });
        }
    });
}

/// The set lives on, and with it the thread. Whatever a timer of an hour needed is gone when it is stopped,
/// dropped, or reset and then dropped.
#[test]
fn a_timer_that_is_stopped_leaves_no_entry() {
    let timers = Timers::new(Clock::real());
    let _first = timers.after(2 * HOUR);
    let kept = timers.after(HOUR);
    leaks::check(|| {
        for _ in 0..10 {
            let timer = timers.after(HOUR);
            assert!(timer.stop(), "it was running, but `stop` returned false");
            let owned = track("a function's");
            let callback = timers.after_func(HOUR, move || _ = owned.len());
            assert!(
                callback.reset(HOUR / 2),
                "it was running, but `reset` returned false"
            );
            drop(callback);
            // What has been stopped is not there twice when it is started again.
            assert!(
                kept.reset(HOUR / 2),
                "it was running, but `reset` returned false"
            );
            assert!(
                kept.stop() && !kept.reset(HOUR),
                "the first of the two prevents a tick"
            );
        }
    });
}

/// The function's handle is dropped while it runs: the thread has it, and drops it when it returns.
#[test]
fn a_function_that_runs_is_dropped_when_it_returns() {
    leaks::check(|| {
        must_end("the function is still there", || {
            let timers = Timers::new(Clock::manual());
            let owned = track("a function's");
            let (running, runs) = unbounded();
            let (go_on, told) = unbounded::<()>();
            let callback = timers.after_func(Duration::ZERO, move || {
                let _ = running.send(owned.len());
                let _ = told.recv();
            });
            runs.recv().expect("the function runs");
            drop(callback);
            assert!(go_on.send(()).is_ok(), "the function runs, and was dropped");
            assert!(runs.recv().is_err(), "the function has been called once");
        });
    });
}

/// A function drops the timers, on their own thread.
#[test]
fn a_function_may_drop_the_timers() {
    leaks::check(|| {
        must_end("the timers have not been dropped", || {
            let timers = Timers::new(Clock::manual());
            let (give, given) = unbounded::<Timers>();
            let (over, is_over) = unbounded::<()>();
            let _callback = timers.after_func(Duration::ZERO, move || {
                drop(given.recv());
                let _ = &over;
            });
            give.send(timers).expect("the function waits for them");
            assert!(
                is_over.recv().is_err(),
                "the function is dropped with the timers"
            );
        });
    });
}

/// The operating system has no thread: `after`, `ticker` and `after_func` panic. Nothing of what they were to make stays in the
/// set, which lives on, and a function is dropped.
#[test]
fn a_thread_that_is_refused_leaves_nothing() {
    let lives_on = Timers::new(Clock::real());
    leaks::check(|| {
        let is_dropped = Timers::new(Clock::real());
        for timers in [&lives_on, &is_dropped] {
            for _ in 0..10 {
                let owned = track("a function's");
                assert_refused(|| drop(timers.after(HOUR)));
                assert_refused(|| drop(timers.ticker(HOUR)));
                assert_refused(|| drop(timers.after_func(HOUR, move || _ = owned.len())));
            }
        }
    });
}

#[track_caller]
fn assert_refused(make: impl FnOnce()) {
    let refused = "timer: failed to spawn thread: no thread can be created: the test refuses it";
    refuse_after(0, || assert_panics(refused, make));
}
