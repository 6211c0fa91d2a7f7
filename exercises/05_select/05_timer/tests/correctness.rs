//! Timers on real threads, on the clock of the machine and on one that the test advances. IDs such as TM-02
//! name behaviours of Go's timers.

#![allow(clippy::drop_non_drop, reason = "the stub has nothing to drop")]

use harness::assert_bounds;
use harness::sync::real::channel::{TryRecvError, unbounded};
use harness::sync::real::thread;
use harness::sync::real::time::{Clock, Duration};
use harness::testing::{
    assert_call_panics, assert_panics, let_others_run, must_end, others_must_sleep, while_unwinding,
};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use timer::{Callback, Timer, Timers};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// Does something when it is dropped.
struct OnDrop<F: Fn()>(F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn on_a_manual_clock() -> (Clock, Timers) {
    let clock = Clock::manual();
    (clock.clone(), Timers::new(clock))
}

/// A delay of a few milliseconds, on the clock of the machine. The tick says when the timer fired: not before
/// its deadline.
#[test]
fn the_clock_of_the_machine_fires_it_and_not_too_soon() {
    // TM-01
    must_end("nothing has been received", || {
        let timers = Timers::new(Clock::real());
        for delay in [0, 1, 5].map(Duration::from_millis) {
            let set = timers.clock().now();
            // One thread can be had, which is all that timers need.
            let timer = thread::refuse_after(1, || timers.after(delay));
            let fired = timer.ticks().recv().expect("the timer has a sender");
            let passed = fired.saturating_since(set);
            assert!(
                passed >= delay,
                "fired {passed:?} after it was set, and the delay was {delay:?}"
            );
        }
    });
}

/// On the clock of the machine. Each of the longest delays stands beside one of a millisecond.
#[test]
fn the_longest_delays_overflow_nothing() {
    // TM-07
    must_end("nothing has been received", || {
        for delay in [Duration::MAX, Duration::MAX - SECOND] {
            let timers = Timers::new(Clock::real());
            for make in [Timers::after, Timers::ticker] {
                let never = make(&timers, delay);
                let timer = timers.after(Duration::from_millis(1));
                timer.ticks().recv().expect("the timer has a sender");
                others_must_sleep("nothing is due");
                assert_eq!(
                    never.ticks().try_recv(),
                    Err(TryRecvError::Empty),
                    "its delay is {delay:?}"
                );
                assert!(
                    never.stop(),
                    "a delay of {delay:?} cannot have passed, but `stop` returned false"
                );
            }
        }
    });
}

/// A thousand timers of next to no time, each stopped at about that time by another thread. Its tick is
/// received, or `stop` returns `true` and there is none.
#[test]
fn stop_beside_the_tick() {
    // TM-02
    must_end("a tick was neither prevented nor received", || {
        let timers = Timers::new(Clock::real());
        for round in 0..1000 {
            let timer = timers.after(Duration::from_micros(round % 100));
            let ticks = timer.ticks().clone();
            let (is_stopped, received) = thread::scope(|s| {
                let stops = s.spawn(move || {
                    // If it is stopped it is dropped, and the receiver hears of it.
                    let is_stopped = timer.stop();
                    (is_stopped, (!is_stopped).then_some(timer))
                });
                let received = ticks.recv();
                (stops.join().expect("`stop` does not panic").0, received)
            });
            assert!(
                is_stopped != received.is_ok(),
                "in round {round}, `stop` returned {is_stopped}, and the receiver got {received:?}"
            );
        }
    });
}

/// Two receivers wait for one tick: one of them gets it, and the other learns that the timer is gone.
#[test]
fn one_of_two_receivers_gets_the_tick() {
    // TM-04
    must_end("a receiver waits", || {
        let (clock, timers) = on_a_manual_clock();
        let timer = timers.after(SECOND);
        let (received, results) = unbounded();
        thread::scope(|s| {
            for ticks in [timer.ticks().clone(), timer.ticks().clone()] {
                let received = received.clone();
                s.spawn(move || received.send(ticks.recv().is_ok()));
            }
            clock.advance(SECOND);
            assert_eq!(results.recv(), Ok(true), "the first to return has the tick");
            drop(timer);
            assert_eq!(
                results.recv(),
                Ok(false),
                "the other learns that there will be none"
            );
        });
    });
}

/// A period of zero panics, in `ticker` and in the `reset` of a ticker, which goes on as before: its next tick comes. So it is in
/// a destructor of a thread that unwinds, too.
#[test]
fn a_period_of_zero_panics() {
    // TM-06
    let (clock, timers) = on_a_manual_clock();
    let panics = || {
        assert_call_panics("ticker(0)", "timer: period of zero", || {
            drop(timers.ticker(Duration::ZERO));
        });
    };
    panics();
    while_unwinding(panics);
    must_end("the ticker does not go on", move || {
        let ticker = timers.ticker(SECOND);
        assert_call_panics("reset(0) of a ticker", "timer: period of zero", || {
            ticker.reset(Duration::ZERO);
        });
        clock.advance(SECOND);
        assert!(ticker.ticks().recv().is_ok(), "the ticker has a sender");
    });
}

/// A ticker of two seconds becomes one of five, in the middle of its second period: that and all periods after it have five
/// seconds, from the call on. A ticker that was stopped gets another period, too.
#[test]
fn reset_gives_a_ticker_another_period() {
    must_end("a tick is missing", || {
        let (clock, timers) = on_a_manual_clock();
        let ticker = timers.ticker(2 * SECOND);
        clock.advance(2 * SECOND);
        assert!(ticker.ticks().recv().is_ok(), "the ticker has a sender");
        clock.advance(SECOND);
        assert!(
            ticker.reset(5 * SECOND),
            "the ticker was running, but `reset` returned false"
        );
        for n in 1..=2 {
            let reset = clock.now();
            let before = timers.after(4 * SECOND);
            clock.advance(4 * SECOND);
            before.ticks().recv().expect("the timer has a sender");
            assert_eq!(
                ticker.ticks().try_recv(),
                Err(TryRecvError::Empty),
                "four seconds of a period of five have passed"
            );
            clock.advance(SECOND);
            let tick = ticker.ticks().recv().expect("the ticker has a sender");
            assert_eq!(
                tick,
                reset + 5 * SECOND,
                "the tick at the end of period {n}"
            );
        }
        assert!(
            ticker.stop() && !ticker.stop(),
            "the first of two calls stops it"
        );
        assert!(
            !ticker.reset(SECOND),
            "it was stopped, but `reset` returned true"
        );
        for _ in 0..2 {
            clock.advance(SECOND);
            assert!(ticker.ticks().recv().is_ok(), "the ticker has a sender");
        }
    });
}

/// A ticker fires twice, and the first tick waits to be received: the second is dropped.
#[test]
fn the_tick_that_waits_stays() {
    // TM-05
    must_end("a timer has not fired", || {
        let (clock, timers) = on_a_manual_clock();
        let ticker = timers.ticker(2 * SECOND);
        let set = clock.now();
        for _ in 0..2 {
            clock.advance(2 * SECOND);
            // It is behind the ticker, as its deadline is later.
            let last = timers.after(SECOND / 2);
            clock.advance(SECOND / 2);
            last.ticks().recv().expect("the timer has a sender");
            clock.advance(SECOND / 2);
        }
        let tick = ticker.ticks().recv().expect("the ticker has a sender");
        assert!(
            tick <= set + 5 * SECOND / 2,
            "the first tick is gone, and here is one of {tick}"
        );
        assert_eq!(
            ticker.ticks().try_recv(),
            Err(TryRecvError::Empty),
            "one tick waits at most"
        );
    });
}

/// Of three timers the oldest is dropped before the last is made, and 70,000 come and go between the second and the last:
/// more than 65,535.
#[test]
fn a_new_timer_takes_the_place_of_no_other() {
    must_end("a timer has not fired", || {
        let (clock, timers) = on_a_manual_clock();
        let (first, second) = (timers.after(SECOND), timers.after(SECOND));
        drop(first);
        (0..70_000).for_each(|_| drop(timers.after(SECOND)));
        let third = timers.after(SECOND);
        clock.advance(SECOND);
        for (which, timer) in [("second", second), ("last", third)] {
            assert!(
                timer.ticks().recv().is_ok(),
                "the {which} timer was neither stopped nor dropped, and its second is over: it has not ticked, and its channel has \
                 no sender"
            );
        }
    });
}

/// Many timers, in an order that has nothing to do with their deadlines. The clock comes to all of them in
/// one step.
#[test]
fn many_timers_fire_in_the_order_of_their_deadlines() {
    // TM-09
    must_end("a timer has not fired", || {
        const TIMERS: u32 = 5_000;
        let (clock, timers) = on_a_manual_clock();
        let (fired, order) = unbounded();
        let handles: Vec<_> = (0..TIMERS)
            .map(|n| {
                let millis = n.wrapping_mul(7919) % TIMERS;
                let fired = fired.clone();
                timers.after_func(SECOND + Duration::from_millis(millis.into()), move || {
                    let _ = fired.send(millis);
                })
            })
            .collect();
        clock.advance(HOUR);
        for millis in 0..TIMERS {
            assert_eq!(
                order.recv(),
                Ok(millis),
                "the delay of the timer that fired, in milliseconds beyond a second"
            );
        }
        drop(handles);
    });
}

/// Of a thousand timers, among which many have the same deadline, every second is stopped. The others fire.
#[test]
fn those_that_are_stopped_take_no_other_with_them() {
    must_end("of timers with equal deadlines one never fired", || {
        let (clock, timers) = on_a_manual_clock();
        let all: Vec<_> = (0..1000)
            .map(|n| timers.after(n % 7 * SECOND / 7 + SECOND))
            .collect();
        let (stopped, left): (Vec<_>, Vec<_>) =
            all.into_iter().enumerate().partition(|(n, _)| n % 2 == 0);
        for (n, timer) in &stopped {
            assert!(
                timer.stop(),
                "timer {n} had not fired, but `stop` returned false"
            );
        }
        clock.advance(2 * SECOND);
        for (n, timer) in &left {
            assert!(timer.ticks().recv().is_ok(), "timer {n} has no sender");
        }
        for (n, timer) in &stopped {
            assert_eq!(
                timer.ticks().try_recv(),
                Err(TryRecvError::Empty),
                "timer {n} was stopped"
            );
        }
    });
}

/// A function sleeps until it is told to go on. What was due with it, and in the meantime, fires afterwards, the same
/// function included; but not what is reset by then, whose delay counts from that call.
#[test]
fn what_is_due_while_a_function_runs_fires_afterwards() {
    // TM-08
    must_end("a timer has not fired", || {
        let (clock, timers) = on_a_manual_clock();
        let overdue = timers.after(SECOND);
        let (go_on, told) = unbounded::<()>();
        let (running, runs) = unbounded();
        let inside = AtomicUsize::new(0);
        let callback = timers.after_func(SECOND / 2, move || {
            let _ = running.send(inside.fetch_add(1, SeqCst));
            let _ = told.recv();
            inside.fetch_sub(1, SeqCst);
        });
        clock.advance(SECOND); // Now both are due, the function first.
        let set = clock.now();
        assert_eq!(runs.recv(), Ok(0), "calls that are running");
        let timer = timers.after(Duration::ZERO);
        assert!(
            !callback.reset(Duration::ZERO),
            "the call had begun, but `reset` returned true"
        );
        clock.advance(2 * SECOND);
        assert!(
            overdue.reset(2 * SECOND),
            "a function ran that was due before this timer, which had not fired, but `reset` returned false"
        );
        let_others_run();
        for _ in 0..2 {
            go_on.send(()).expect("the function waits");
        }
        timer.ticks().recv().expect("the timer has a sender");
        assert_eq!(
            runs.recv(),
            Ok(0),
            "calls that are running when the second begins"
        );
        for second in [3, 4] {
            assert_eq!(
                overdue.ticks().try_recv(),
                Err(TryRecvError::Empty),
                "it was due at 1 s, and at 3 s it was reset by 2 s: it is due at 5 s"
            );
            clock.advance(SECOND);
            let last = timers.after(Duration::ZERO);
            assert_eq!(last.ticks().recv(), Ok(set + second * SECOND));
        }
        assert_eq!(overdue.ticks().recv(), Ok(set + 4 * SECOND));
    });
}

/// What a function owns is dropped with it, and such a drop may come back to the timers.
#[test]
fn a_drop_may_use_the_timers() {
    must_end("the drop of what a function owns waits for a lock", || {
        for dropped in [
            "the handle",
            "the handle, while the function runs",
            "the timers",
        ] {
            let (_clock, timers) = on_a_manual_clock();
            let other = Arc::new(timers.after(SECOND));
            let (stops, stopped) = unbounded();
            let owned = OnDrop(move || {
                let _ = stops.send(other.stop());
            });
            let (running, runs) = unbounded();
            let (go_on, told) = unbounded::<()>();
            let callback = timers.after_func(SECOND, move || {
                let _ = &owned;
                let _ = running.send(());
                let _ = told.recv();
            });
            match dropped {
                "the handle" => drop(callback),
                "the timers" => drop(timers),
                _ => {
                    callback.reset(Duration::ZERO);
                    runs.recv().expect("the function runs");
                    drop(callback);
                    go_on.send(()).expect("the function waits");
                }
            }
            // Which of the timers stops first when all are dropped is not said.
            let was_running = stopped.recv().expect("it is dropped");
            assert!(
                was_running || dropped == "the timers",
                "dropped: {dropped}; another timer was not running"
            );
        }
    });
}

/// A function panics, and so does the drop of what it throws; or the drop of what a function owns panics, which the thread drops because
/// the handle went while it ran. The timers go on.
#[test]
fn the_timers_survive_whatever_panics() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            resume_unwind(Box::new("the drop's"));
        }
    }

    must_end(
        "nothing fires after the drop of a panic's payload panicked on the timers' thread",
        || {
            let (_clock, timers) = on_a_manual_clock();
            let _throws = timers.after_func(Duration::ZERO, || resume_unwind(Box::new(Panics)));
            let timer = timers.after(Duration::ZERO);
            assert!(timer.ticks().recv().is_ok(), "the timer has a sender");
        },
    );
    must_end(
        "nothing fires after the drop of a function panicked on the timers' thread",
        || {
            let (_clock, timers) = on_a_manual_clock();
            let (running, runs) = unbounded();
            let (go_on, told) = unbounded::<()>();
            let owned = Panics;
            let callback = timers.after_func(Duration::ZERO, move || {
                let _ = &owned;
                let _ = running.send(());
                let _ = told.recv();
            });
            runs.recv().expect("the function runs");
            // The thread drops the function, as nobody else is left to do it.
            drop(callback);
            go_on.send(()).expect("the function waits");
            let timer = timers.after(Duration::ZERO);
            assert!(timer.ticks().recv().is_ok(), "the timer has a sender");
        },
    );
}

/// A function that panics each time is called again whenever its timer is reset, 300 times: more than 255.
#[test]
fn a_function_that_has_panicked_can_be_called_again() {
    must_end("the function has not been called again", || {
        let (_clock, timers) = on_a_manual_clock();
        let (calls, called) = unbounded();
        let callback = timers.after_func(Duration::ZERO, move || {
            let _ = calls.send(());
            resume_unwind(Box::new("the function's"));
        });
        called.recv().expect("the function is called");
        for _ in 0..300 {
            callback.reset(Duration::ZERO);
            called
                .recv()
                .expect("`reset` starts it again, and the function is still there");
        }
    });
}

/// The clock comes to two deadlines late, in one step. The function that was due first takes the clock 5 s further, and only
/// then the timer behind it fires: its tick says so.
#[test]
fn a_tick_is_what_the_clock_shows_when_it_fires() {
    must_end("a timer has not fired", || {
        let (clock, timers) = on_a_manual_clock();
        let set = clock.now();
        let timer = timers.after(SECOND);
        clock.advance(3 * SECOND);
        assert_eq!(
            timer.ticks().recv(),
            Ok(set + 3 * SECOND),
            "it was due at 1 s"
        );
        let advances = clock.clone();
        let _takes_long = timers.after_func(SECOND, move || advances.advance(5 * SECOND));
        let behind = timers.after(2 * SECOND);
        clock.advance(2 * SECOND);
        assert_eq!(
            behind.ticks().recv(),
            Ok(set + 10 * SECOND),
            "it was due at 5 s, and fired when the function that was due at 4 s had taken the clock from 5 s to 10 s"
        );
    });
}

/// A ticker's tick waits to be received, and another is to come: `stop` and `reset` prevent both. A new period counts from
/// the call.
#[test]
fn the_tick_of_a_ticker_is_taken_back() {
    // TM-03
    type Call = fn(&Timer) -> bool;
    must_end("a timer has not fired", || {
        let calls: [(&str, Call); 2] = [
            ("stop", Timer::stop),
            ("reset", |ticker| ticker.reset(3 * SECOND)),
        ];
        for (name, call) in calls {
            let (clock, timers) = on_a_manual_clock();
            let ticker = timers.ticker(2 * SECOND);
            let behind = timers.after(3 * SECOND);
            clock.advance(3 * SECOND);
            behind.ticks().recv().expect("the timer has a sender");
            assert!(
                call(&ticker),
                "a ticker was running, but `{name}` returned false"
            );
            assert_eq!(
                ticker.ticks().try_recv(),
                Err(TryRecvError::Empty),
                "`{name}` had returned, but the tick of before was still there"
            );
            let behind = timers.after(2 * SECOND);
            clock.advance(2 * SECOND);
            behind.ticks().recv().expect("the timer has a sender");
            assert_eq!(
                ticker.ticks().try_recv(),
                Err(TryRecvError::Empty),
                "`{name}` was called at 3 s, and nothing is due at 5 s: stopped, or reset to 3 s, it forgets its old rhythm"
            );
        }
    });
}

/// A timer has fired, and its handle is dropped, perhaps by a thread that unwinds: that takes the tick back, as `stop` does.
#[test]
fn a_handle_that_is_dropped_takes_its_tick_back() {
    type Drops = fn(Timer);
    must_end("a timer has not fired", || {
        let drops: [(&str, Drops); 2] = [
            ("dropped", drop),
            ("dropped while its thread unwound", |timer| {
                while_unwinding(|| drop(timer));
            }),
        ];
        for (how, drops) in drops {
            let (clock, timers) = on_a_manual_clock();
            let timer = timers.after(SECOND);
            let behind = timers.after(2 * SECOND);
            clock.advance(2 * SECOND);
            behind.ticks().recv().expect("the timer has a sender");
            let ticks = timer.ticks().clone();
            drops(timer);
            assert_eq!(
                ticks.try_recv(),
                Err(TryRecvError::Disconnected),
                "its handle was {how}, which takes the tick back and leaves the channel without a sender"
            );
        }
    });
}

/// A timer is made, and another reset, in a destructor while the thread unwinds. No timer runs before that, so the timers' thread
/// has no deadline to wake up at, and has to be woken.
#[test]
fn timers_work_while_a_thread_unwinds() {
    let hangs = "a timer that was made or reset while its thread unwound has not fired";
    must_end(hangs, || {
        let (clock, timers) = on_a_manual_clock();
        let old = timers.after(SECOND);
        assert!(old.stop(), "the time has not come");
        let_others_run();
        let new = while_unwinding(|| timers.after(SECOND));
        clock.advance(SECOND);
        assert!(new.ticks().recv().is_ok(), "the timer has a sender");
        let_others_run();
        while_unwinding(|| old.reset(SECOND));
        clock.advance(SECOND);
        assert!(old.ticks().recv().is_ok(), "the timer has a sender");
    });
}

/// Three timers have fired, and then the timers are dropped: their ticks can still be received, or taken back, by `stop` or
/// by the drop of the handle. After that nothing is left to prevent, and nothing starts again.
#[test]
fn ticks_outlive_the_timers() {
    must_end("a timer has not fired", || {
        let (clock, timers) = on_a_manual_clock();
        let [one, other, third] = [(); 3].map(|()| timers.after(SECOND));
        let behind = timers.after(2 * SECOND);
        clock.advance(2 * SECOND);
        behind.ticks().recv().expect("the timer has a sender");
        drop(timers);
        assert!(
            one.ticks().try_recv().is_ok(),
            "the tick that nobody had received is gone"
        );
        assert!(
            other.stop(),
            "nobody had received the tick, but `stop` returned false"
        );
        let prevented = [other.reset(SECOND), other.stop(), other.reset(SECOND)];
        assert_eq!(
            prevented, [false; 3],
            "`reset`, `stop` and `reset`, with the timers gone"
        );
        let ticks = third.ticks().clone();
        drop(third);
        assert_eq!(
            ticks.try_recv(),
            Err(TryRecvError::Disconnected),
            "its handle was dropped, which takes the tick back"
        );
    });
}

/// The timers are dropped while one function runs, which goes on only afterwards. Others have been dropped when that returns.
#[test]
fn the_drop_of_the_timers_does_not_wait_for_a_function() {
    // TM-08
    must_end(
        "the drop of the timers waits for a function that runs",
        || {
            let (_clock, timers) = on_a_manual_clock();
            let (running, runs) = unbounded();
            let (go_on, told) = unbounded::<()>();
            let _callback = timers.after_func(Duration::ZERO, move || {
                let _ = running.send(());
                let _ = told.recv();
            });
            let (owned, is_dropped) = unbounded::<()>();
            let _other = timers.after_func(SECOND, move || drop(owned.clone()));
            runs.recv().expect("the function runs");
            drop(timers);
            assert_eq!(
                is_dropped.try_recv(),
                Err(TryRecvError::Disconnected),
                "the timers were dropped, but another function, which was not running, was still there"
            );
            go_on.send(()).expect("the function waits");
        },
    );
}

/// A period of a nanosecond, of which an hour has more than fit into 32 bits; one of 19 thousand million seconds, which is more
/// nanoseconds than fit into 64 bits; and one whose second multiple is later than the clock can show.
#[test]
fn the_longest_periods_overflow_nothing() {
    // TM-07
    must_end("a tick is missing", || {
        let (clock, timers) = on_a_manual_clock();
        let set = clock.now();
        let ticker = timers.ticker(Duration::from_nanos(1));
        clock.advance(HOUR);
        let late = timers.after(Duration::ZERO);
        late.ticks().recv().expect("the timer has a sender");
        let tick = ticker.ticks().recv();
        assert_eq!(
            tick,
            Ok(set + HOUR),
            "one tick for all the periods in an hour"
        );
        drop(ticker);

        let (clock, timers) = on_a_manual_clock();
        let giga = Duration::from_secs(1_000_000_000);
        let ticker = timers.ticker(19 * giga);
        clock.advance(37 * giga);
        assert_eq!(ticker.ticks().recv(), Ok(set + 37 * giga), "a late tick");
        let behind = timers.after(Duration::ZERO);
        assert!(behind.ticks().recv().is_ok(), "the timer has a sender");
        assert!(
            ticker.ticks().try_recv().is_err(),
            "a second tick at 37,000,000,000 s, of a period of 19,000,000,000 s"
        );
        clock.advance(giga);
        assert_eq!(
            ticker.ticks().recv(),
            Ok(set + 38 * giga),
            "the tick of the second multiple of 19,000,000,000 s, after that of the first, which was late"
        );
        drop(ticker);

        let (clock, timers) = on_a_manual_clock();
        let ticker = timers.ticker(Duration::MAX - SECOND);
        clock.advance(Duration::MAX - SECOND);
        assert!(ticker.ticks().recv().is_ok(), "the ticker has a sender");
        let timer = timers.after(Duration::ZERO);
        assert!(timer.ticks().recv().is_ok(), "the timer has a sender");
        assert!(
            ticker.stop(),
            "a ticker has always a tick to come, even if later than the clock can show, but `stop` returned false"
        );
    });
}

/// The thread is refused, and so the function is dropped: its drop makes a timer, too, and is not refused.
#[test]
fn a_refused_function_is_dropped_without_a_lock() {
    must_end("the drop of what a function owns waits for a lock", || {
        let (_clock, timers) = on_a_manual_clock();
        let timers = Arc::new(timers);
        let (drops, dropped) = unbounded();
        let owned = OnDrop({
            let timers = Arc::clone(&timers);
            move || {
                drop(timers.after(SECOND));
                let _ = drops.send(());
            }
        });
        let refused =
            "timer: failed to spawn thread: no thread can be created: the test refuses it";
        thread::refuse_only(0, || {
            assert_panics(refused, || {
                drop(timers.after_func(SECOND, move || _ = &owned))
            });
        });
        assert_eq!(
            dropped.try_recv(),
            Ok(()),
            "the function is dropped when the call has panicked"
        );
    });
}

#[test]
fn all_of_it_can_be_shared_by_threads() {
    drop(Timers::new(Clock::real()));
    assert_bounds!(Timers: Send + Sync);
    assert_bounds!(Timer: Send + Sync);
    assert_bounds!(Callback: Send + Sync);
}
