//! A multiplexer on real threads. IDs such as SL-28 name behaviours of Go's `select`, TM-10 of its timers.

#![allow(clippy::drop_non_drop, reason = "the stub has nothing to drop")]

use channels::real::{Receiver, Sender, bounded};
use harness::sync::real::thread::{self, refuse_after};
use harness::sync::real::time::{Clock, Duration};
use harness::testing::{
    must_end, must_sleep_on_threads, payload_of, unwinding_if, wait_until, while_unwinding,
};
use multiplexer::{Event, Multiplexer};
use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use timer_solution::Timers;

const SECOND: Duration = Duration::from_secs(1);
const NANOSECOND: Duration = Duration::from_nanos(1);
const MILLISECOND: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

fn on_a_manual_clock() -> (Clock, Timers) {
    let clock = Clock::manual();
    (clock.clone(), Timers::new(clock))
}

fn channels<T>(count: usize, capacity: usize) -> (Vec<Sender<T>>, Vec<Receiver<T>>) {
    (0..count).map(|_| bounded(capacity)).unzip()
}

/// Takes turns, and requires each to end with its event.
#[track_caller]
fn reports<T: PartialEq + Debug>(
    events: &mut Multiplexer<'_, T>,
    expected: impl IntoIterator<Item = Option<Event<T>>>,
) {
    reports_because(events, expected, "");
}

/// [`reports`], with what is special about these turns.
#[track_caller]
fn reports_because<T: PartialEq + Debug>(
    events: &mut Multiplexer<'_, T>,
    expected: impl IntoIterator<Item = Option<Event<T>>>,
    because: &str,
) {
    let colon = if because.is_empty() { "" } else { ": " };
    for expected in expected {
        let event = events.next();
        assert!(
            event == expected,
            "{because}{colon}a turn should return {expected:?}, and it returned {event:?}"
        );
    }
}

/// Returns when every timer has fired that was due by now.
fn let_timers_fire(timers: &Timers) {
    let last = timers.after(Duration::ZERO);
    last.ticks().recv().expect("the timer has a sender");
}

/// Takes a turn. When it sleeps, `meanwhile` runs on another thread. If it ends without a sleep, its event says why.
fn asleep<T>(
    events: &mut Multiplexer<'_, T>,
    sender: &Sender<T>,
    meanwhile: impl FnOnce() + Send,
) -> Option<Event<T>>
where
    T: Send,
{
    let has_ended = AtomicBool::new(false);
    thread::scope(|s| {
        s.spawn(|| {
            wait_until("the turn does not sleep", || {
                sender.registered() > 0 || has_ended.load(Relaxed)
            });
            if !has_ended.load(Relaxed) {
                meanwhile();
            }
        });
        let event = events.next();
        has_ended.store(true, Relaxed);
        event
    })
}

/// Four sources, each with two senders, with buffers of different sizes. Everything arrives once, what one
/// sender has sent in order, and each source is reported as closed after its last value.
#[test]
fn everything_arrives_and_then_the_ends() {
    // SL-07
    must_end("a value or an end is missing", || {
        const EACH: u32 = 500;
        let timers = Timers::new(Clock::real());
        let (senders, sources): (Vec<_>, Vec<_>) = (0..4).map(bounded).unzip();
        thread::scope(|s| {
            for (number, sender) in senders.into_iter().enumerate() {
                for of_source in 0..2 {
                    let sender = sender.clone();
                    s.spawn(move || {
                        for n in 0..EACH {
                            // If the multiplexer has gone, the test says why.
                            let _ = sender.send((number, of_source, n));
                        }
                    });
                }
            }
            let mut next = [[0; 2]; 4];
            let mut is_closed = [false; 4];
            for event in Multiplexer::new(&timers, sources) {
                match event {
                    Event::Received(source, (number, of_source, n)) => {
                        assert_eq!(source, number, "the number of the source");
                        assert!(
                            !is_closed[source],
                            "source {source} was closed, and then had a value"
                        );
                        assert_eq!(
                            n, next[source][of_source],
                            "from sender {of_source} of source {source}"
                        );
                        next[source][of_source] += 1;
                    }
                    Event::Closed(source) => {
                        assert!(!is_closed[source], "source {source} was closed twice");
                        is_closed[source] = true;
                    }
                    other => panic!("nobody asked for {other:?}"),
                }
            }
            assert_eq!(next, [[EACH; 2]; 4], "values of each sender");
            assert_eq!(is_closed, [true; 4], "what has been reported as closed");
        });
    });
}

/// A source that is closed does not wait for one with a higher number that has a value, and its `Closed` is reported, though
/// the turn did not have to sleep for it.
#[test]
fn a_closed_source_comes_in_the_order_of_its_number() {
    must_end("`next` waits though a source has something", || {
        let timers = Timers::new(Clock::real());
        let (mut senders, sources) = channels(2, 1);
        senders[1].send(7).expect("the receiver is there");
        drop(senders.remove(0));
        let mut events = Multiplexer::new(&timers, sources);
        let expected = [Event::Closed(0), Event::Received(1, 7)].map(Some);
        reports_because(
            &mut events,
            expected,
            "source 0 is closed, and source 1 has 7",
        );
    });
}

#[test]
fn without_sources_there_is_nothing_to_wait_for() {
    must_end("`next` waits for nothing", || {
        let timers = Timers::new(Clock::real());
        let mut events = Multiplexer::<u32>::new(&timers, Vec::new())
            .with_limit(HOUR)
            .with_idle(HOUR);
        reports_because(&mut events, [None], "without sources");
        let (sender, source) = bounded::<u32>(0);
        drop(sender);
        let mut events = Multiplexer::new(&timers, vec![source]).with_limit(HOUR);
        let because = "the last source is closed, and an hour of the limit is left";
        reports_because(&mut events, [Some(Event::Closed(0))], because);
        reports_because(&mut events, [None, None], "all sources are closed");
    });
}

/// Without sources, and after the last of them was closed, neither the shutdown nor the end of the limit is
/// reported any more.
#[test]
fn without_sources_nothing_is_reported() {
    must_end("`next` waits for nothing", || {
        let (_clock, timers) = on_a_manual_clock();
        let no_sources = || Multiplexer::<u32>::new(&timers, Vec::new());
        let (shutdown, signal) = bounded(1);
        let mut after_the_last = [(); 2].map(|()| {
            let (_, source) = bounded::<u32>(1);
            Multiplexer::new(&timers, vec![source])
        });
        for events in &mut after_the_last {
            reports_because(events, [Some(Event::Closed(0))], "source 0 is closed");
        }
        drop(shutdown);
        let [closed, also_closed] = after_the_last;
        for (events, sources) in [
            (no_sources(), "without sources"),
            (closed, "after the last `Closed`"),
        ] {
            let mut events = events.with_shutdown(signal.clone());
            let because = format!("{sources}, when the shutdown is asked for");
            reports_because(&mut events, [None, None], &because);
        }
        for (events, sources) in [
            (no_sources(), "without sources"),
            (also_closed, "after the last `Closed`"),
        ] {
            let mut events = events.with_limit(Duration::ZERO);
            let_timers_fire(&timers);
            let because = format!("{sources}, when the limit is over");
            reports_because(&mut events, [None, None], &because);
        }
    });
}

/// Each of 300 sources ends a turn that sleeps, and those with high numbers are closed first.
#[test]
fn any_number_of_sources() {
    const COUNT: usize = 300;
    must_end("a turn does not end", || {
        let timers = Timers::new(Clock::real());
        let (mut senders, sources) = channels(COUNT, 0);
        let mut events = Multiplexer::new(&timers, sources);
        let last = &senders[COUNT - 1];
        let event = asleep(&mut events, last, || {
            last.send(7).expect("the multiplexer is there");
        });
        assert_eq!(
            event,
            Some(Event::Received(COUNT - 1, 7)),
            "the last of {COUNT} sources sent 7"
        );
        while let Some(sender) = senders.pop() {
            drop(sender);
            let expected = Some(Event::Closed(senders.len()));
            reports_because(
                &mut events,
                [expected],
                "300 sources, closed from the last to the first",
            );
        }
        reports_because(&mut events, [None], "300 sources, all closed");
    });
}

/// 65,540 sources, all but the last two of one channel: their numbers do not fit into 16 bits. The lower of the two comes
/// first.
#[test]
fn a_source_has_its_number_however_many_there_are() {
    const COUNT: usize = 65_540;
    must_end("a turn does not end", || {
        let timers = Timers::new(Clock::real());
        let (_quiet, source) = bounded(1);
        let (senders, last) = channels(2, 1);
        let mut sources = vec![source; COUNT - 2];
        sources.extend(last);
        let mut events = Multiplexer::new(&timers, sources);
        for sender in &senders {
            sender.send(7).expect("the multiplexer is there");
        }
        let received = |number| Some(Event::Received(number, 7));
        reports_because(
            &mut events,
            [received(COUNT - 2), received(COUNT - 1)],
            "the last two of 65,540 sources sent 7",
        );
        let last = &senders[1];
        let event = asleep(&mut events, last, || {
            last.send(7).expect("the multiplexer is there");
        });
        assert_eq!(
            event,
            received(COUNT - 1),
            "the last of 65,540 sources sent 7"
        );
        drop(senders);
        reports_because(
            &mut events,
            [COUNT - 2, COUNT - 1].map(|number| Some(Event::Closed(number))),
            "the last two of 65,540 sources are closed",
        );
    });
}

/// One channel under two numbers: it is locked once, and its end is reported for both.
#[test]
fn a_channel_may_be_there_twice() {
    must_end(
        "a turn does not end, and two of the sources are one channel",
        || {
            let timers = Timers::new(Clock::real());
            let (sender, source) = bounded(1);
            let mut events = Multiplexer::new(&timers, vec![source.clone(), source]);
            let event = asleep(&mut events, &sender, || {
                sender.send(7).expect("the multiplexer is there");
            });
            let expected = [0, 1].map(|number| Some(Event::Received(number, 7)));
            assert!(
                expected.contains(&event),
                "sources 0 and 1 are one channel, and have sent 7: {event:?}"
            );
            drop(sender);
            let ends = [Some(Event::Closed(0)), Some(Event::Closed(1)), None];
            reports_because(
                &mut events,
                ends,
                "sources 0 and 1 are one channel, which is closed",
            );
        },
    );
}

/// The limit counts from `with_limit`. It is over when its time has passed to the nanosecond, not before and not
/// after that. And the shutdown comes before it, whatever else there is.
#[test]
fn the_limit_is_over_on_time_and_after_the_shutdown() {
    must_end("a turn does not end", || {
        for asks in [false, true] {
            let (clock, timers) = on_a_manual_clock();
            let (sender, source) = bounded(2);
            let (shutdown, signal) = bounded(1);
            let events = Multiplexer::new(&timers, vec![source]).with_idle(HOUR);
            clock.advance(SECOND);
            let mut events = events.with_limit(SECOND + NANOSECOND).with_shutdown(signal);
            for value in [7, 8] {
                sender.send(value).expect("the multiplexer is there");
            }
            clock.advance(SECOND);
            let_timers_fire(&timers);
            let because = "a nanosecond of the limit is left, source 0 has 7";
            reports_because(&mut events, [Some(Event::Received(0, 7))], because);
            if asks {
                shutdown.send(()).expect("the multiplexer is there");
            }
            clock.advance(NANOSECOND);
            let_timers_fire(&timers);
            let (expected, because) = match asks {
                true => (
                    Event::ShutDown,
                    "the shutdown was asked for, the limit is over, source 0 has 8",
                ),
                false => (
                    Event::TimedOut,
                    "the limit was over to the nanosecond, source 0 has 8",
                ),
            };
            reports_because(&mut events, [Some(expected), None, None], because);
        }
    });
}

/// A shutdown comes before the sources, in a multiplexer that has the time of a turn and one that has not.
#[test]
fn the_time_of_a_turn_does_not_hide_the_shutdown() {
    must_end("a turn does not end", || {
        let timers = Timers::new(Clock::real());
        let (sender, source) = bounded(1);
        let (shutdown, signal) = bounded(1);
        let events = Multiplexer::new(&timers, vec![source]);
        let mut events = events.with_idle(HOUR).with_shutdown(signal);
        sender.send(7).expect("the multiplexer is there");
        shutdown.send(()).expect("the multiplexer is there");
        let because = "the shutdown was asked for, source 0 has 7, and a turn may take an hour";
        reports_because(&mut events, [Some(Event::ShutDown)], because);
    });
}

/// Of the limit, the time of a turn and the shutdown, what comes first ends a turn that sleeps.
#[test]
fn the_earlier_of_two_limits_ends_a_turn() {
    // (idle, limit, what the turn returns after three seconds and, in the last case, the shutdown)
    let idle = (3 * SECOND, 5 * SECOND, Event::Idle);
    let limit = (5 * SECOND, 3 * SECOND, Event::TimedOut);
    let shutdown = (5 * SECOND, 5 * SECOND, Event::ShutDown);
    for (idle, limit, expected) in [idle, limit, shutdown] {
        let asks = expected == Event::ShutDown;
        let asked = if asks { "was" } else { "was not" };
        let hangs = format!(
            "no {expected:?}, after 3 s of a turn with an idle time of {idle:?} and a limit of {limit:?}, and \
             the shutdown {asked} asked for"
        );
        must_end(&hangs, move || {
            let (clock, timers) = on_a_manual_clock();
            let (sender, source) = bounded::<u32>(1);
            let events = Multiplexer::new(&timers, vec![source]);
            let (shutdown, signal) = bounded(1);
            let events = events.with_idle(idle).with_limit(limit);
            let mut events = events.with_shutdown(signal);
            let event = asleep(&mut events, &sender, || {
                clock.advance(3 * SECOND);
                if asks {
                    shutdown.send(()).expect("the multiplexer is there");
                }
            });
            assert_eq!(
                event,
                Some(expected),
                "idle after {idle:?}, over after {limit:?}, and 3 s have passed"
            );
        });
    }
}

/// Each turn has its whole time, from its own beginning, whatever the one before has returned, and however long ago: turns
/// end with a value that was there, with one that came while they slept, with `Idle`, and with a close.
#[test]
fn each_turn_has_the_same_time() {
    let (clock, timers) = on_a_manual_clock();
    let (sender, source) = bounded::<u32>(1);
    let (mut others, mut sources) = channels(3, 1);
    sources.insert(0, source);
    // Not a whole number of milliseconds.
    let idle = SECOND + NANOSECOND;
    must_end(
        "no `Idle`, and each turn may take 1.000000001 s, which has passed",
        move || {
            let pass = |time| {
                clock.advance(time);
                let_timers_fire(&timers);
            };
            let mut events = Multiplexer::new(&timers, sources).with_idle(idle);
            let received = |value| Some(Event::Received(0, value));
            let send = |value| sender.send(value).expect("the multiplexer is there");
            let sleeps_for = |events: &mut _, begins: &str, time, value| {
                let event = asleep(events, &sender, || {
                    pass(time);
                    send(value);
                });
                assert_eq!(
                    event,
                    received(value),
                    "{time:?} have passed in this turn, which may take {idle:?} and began {begins}"
                );
            };
            for turn in 1..=3 {
                for value in [7, 8] {
                    send(value);
                    reports(&mut events, [received(value)]);
                    pass(idle);
                    let begins = format!("{idle:?} after a turn that a value ended");
                    sleeps_for(&mut events, &begins, Duration::ZERO, value);
                    pass(idle);
                }
                let event = asleep(&mut events, &sender, || clock.advance(idle));
                assert_eq!(
                    event,
                    Some(Event::Idle),
                    "turn {turn}, after {idle:?} of silence"
                );
                pass(NANOSECOND);
                sleeps_for(&mut events, "1ns after `Idle`", SECOND, 9);
                others.pop();
                reports(&mut events, [Some(Event::Closed(others.len() + 1))]);
                pass(idle);
                let begins = format!("{idle:?} after a turn that a close ended");
                sleeps_for(&mut events, &begins, Duration::ZERO, 10);
                pass(idle);
            }
        },
    );
}

/// Nothing happens: a turn falls asleep, with limits and without, in a destructor of a thread that unwinds, too.
#[test]
fn a_turn_in_which_nothing_happens_sleeps() {
    for (limit, because) in [
        (None, "the source had nothing"),
        (
            Some(HOUR),
            "the source had nothing, and no limit had been reached",
        ),
        (
            Some(Duration::MAX),
            "the source had nothing, and the limits are longer than any clock can show",
        ),
    ] {
        for (call, unwinds) in [
            ("`next`", false),
            ("`next`, while its thread unwinds,", true),
        ] {
            must_sleep_on_threads(call, because, move || {
                // Not a manual clock: a timed wait by that one looks at it again and again.
                let timers = Timers::new(Clock::real());
                let (_sender, source) = bounded::<u32>(1);
                let mut events = Multiplexer::new(&timers, vec![source]);
                if let Some(limit) = limit {
                    events = events.with_limit(limit).with_idle(limit);
                }
                unwinding_if(unwinds, || events.next());
            });
        }
    }
}

/// In a destructor, while the thread unwinds, turns end as any others do: with a value, with `Idle`, and with the end of a source.
#[test]
fn turns_work_while_a_thread_unwinds() {
    must_end("a turn does not end", || {
        let timers = Timers::new(Clock::real());
        let (sender, source) = bounded(1);
        let mut events = Multiplexer::new(&timers, vec![source]).with_idle(MILLISECOND);
        while_unwinding(|| {
            sender.send(7).expect("the source is there");
            let received = Event::Received(0, 7);
            reports(&mut events, [received, Event::Idle, Event::Idle].map(Some));
            drop(sender);
            reports(&mut events, [Some(Event::Closed(0)), None]);
        });
    });
}

/// The operating system refuses the timers their thread. A turn that needs it panics, and one that does not
/// goes on: without a limit none does. In either case the sources are still there, and so is the next turn.
#[test]
fn a_refused_thread_loses_no_source() {
    must_end("no `Idle` comes, after a nanosecond of silence", || {
        let timers = Timers::new(Clock::real());
        let (sender, source) = bounded::<u32>(1);
        sender.send(5).expect("the source is there");
        let mut event = None;
        let without_limits = || Multiplexer::new(&timers, vec![source.clone()]).next();
        let _ = payload_of(|| event = refuse_after(0, without_limits));
        assert_eq!(
            event,
            Some(Event::Received(0, 5)),
            "source 0 has sent 5: without limits no thread is needed, and every thread was refused"
        );
        let mut events = Multiplexer::new(&timers, vec![source]).with_idle(NANOSECOND);
        let mut event = Some(Event::Idle);
        let _ = payload_of(|| event = refuse_after(0, || events.next()));
        assert_eq!(
            event,
            Some(Event::Idle),
            "a turn of a nanosecond that did not panic"
        );
        let because = "the turn after the one that was refused a thread";
        reports_because(&mut events, [Some(Event::Idle)], because);
        let sources = events.into_sources();
        let is_there = sources.first().is_some_and(Option::is_some);
        assert!(
            is_there,
            "the timers were refused a thread in a turn, and source 0 is gone"
        );
        sender.send(7).expect("the source is there");
    });
}

/// Three sources are full. They come in the order of their numbers, not in that in which they were filled. Each turn begins
/// with source 0 again: a source with a low number may keep the others waiting.
#[test]
fn sources_come_in_the_order_of_their_numbers() {
    // SL-28
    must_end("`next` waits though a source has something", || {
        let timers = Timers::new(Clock::real());
        let (senders, sources) = channels(3, 2);
        for number in [2, 0, 1, 1, 2, 0] {
            senders[number].send(number).expect("the receiver is there");
        }
        let mut events = Multiplexer::new(&timers, sources);
        let expected = [0, 0, 1, 1, 2, 2].map(|number| Some(Event::Received(number, number)));
        let because = "each source had two values, and the lowest number comes first in each turn";
        reports_because(&mut events, expected, because);
    });
}

/// Two sources that never end, and never have nothing. A limit of a few milliseconds, on the clock of the
/// machine. Each turn is allowed an hour.
#[test]
fn busy_sources_do_not_put_off_the_limit() {
    // TM-10, SL-27
    must_end("the limit has not ended the loop", || {
        let timers = Timers::new(Clock::real());
        let (senders, sources) = channels(2, 8);
        thread::scope(|s| {
            for sender in senders {
                s.spawn(move || while sender.send(()).is_ok() {});
            }
            let mut events = Multiplexer::new(&timers, sources)
                .with_idle(HOUR)
                .with_limit(5 * MILLISECOND);
            let last = events
                .by_ref()
                .find(|event| !matches!(event, Event::Received(..)));
            assert_eq!(last, Some(Event::TimedOut));
            reports(&mut events, [None]);
            drop(events);
        });
    });
}

/// On the clock of the machine: turns in which nothing happens, then a value, then the end of the whole.
#[test]
fn idle_turns_do_not_end_the_loop() {
    must_end("no `Idle` comes, after 2 ms of silence", || {
        let timers = Timers::new(Clock::real());
        let (sender, source) = bounded(1);
        let begun = timers.clock().now();
        let mut events = Multiplexer::new(&timers, vec![source])
            .with_idle(2 * MILLISECOND)
            .with_limit(HOUR);
        for turns in 1..=3 {
            reports_because(&mut events, [Some(Event::Idle)], "after 2 ms of silence");
            let passed = timers.clock().now().saturating_since(begun);
            assert!(
                passed >= turns * 2 * MILLISECOND,
                "{turns} turns of 2 ms each were over after {passed:?}"
            );
        }
        sender.send(7).expect("the multiplexer is there");
        reports(&mut events, [Some(Event::Received(0, 7))]);
        drop(sender);
        reports(&mut events, [Some(Event::Closed(0)), None]);
    });
}

/// A limit of zero is over at once, and a turn that may not sleep at all is idle at once; the longest limits
/// there are never end anything.
#[test]
fn limits_of_no_time_and_of_all_time() {
    // TM-07
    must_end(
        "no `TimedOut` or `Idle` comes, after 0 s, or no value in a turn of all the time there is",
        || {
            let (clock, timers) = on_a_manual_clock();
            let (sender, source) = bounded(1);
            let mut events =
                Multiplexer::new(&timers, vec![source.clone()]).with_limit(Duration::ZERO);
            reports_because(
                &mut events,
                [Some(Event::TimedOut), None],
                "a limit of zero",
            );
            let mut events =
                Multiplexer::new(&timers, vec![source.clone()]).with_idle(Duration::ZERO);
            let idle = [Some(Event::Idle), Some(Event::Idle)];
            reports_because(&mut events, idle, "turns that may take no time");
            sender.send(5).expect("the multiplexer is there");
            let because = "a turn that may take no time, and source 0 has 5";
            reports_because(&mut events, [Some(Event::Received(0, 5))], because);
            clock.advance(SECOND);
            let (shutdown, signal) = bounded(0);
            let events = Multiplexer::new(&timers, vec![source]).with_limit(Duration::MAX);
            let mut events = events.with_idle(Duration::MAX).with_shutdown(signal);
            // To the end of what it can show.
            clock.advance(Duration::MAX - SECOND);
            let event = asleep(&mut events, &sender, || {
                sender.send(7).expect("the multiplexer is there");
            });
            assert_eq!(
                event,
                Some(Event::Received(0, 7)),
                "7 was sent in a turn of all the time there is"
            );
            drop(shutdown);
            reports(&mut events, [Some(Event::ShutDown)]);
        },
    );
}

/// The limit, the time of a turn and the shutdown, asked for in different orders: none takes the place of
/// another.
#[test]
fn limits_stand_beside_each_other() {
    must_end("a limit is gone", || {
        let timers = Timers::new(Clock::real());
        let (_sender, source) = bounded::<u32>(1);
        let all = || Multiplexer::new(&timers, vec![source.clone()]);
        let (shutdown, signal) = bounded(1);
        let mut events = all()
            .with_limit(Duration::ZERO)
            .with_shutdown(signal.clone())
            .with_idle(HOUR);
        reports(&mut events, [Some(Event::TimedOut), None]);
        let mut events = all()
            .with_idle(Duration::ZERO)
            .with_limit(HOUR)
            .with_shutdown(signal.clone());
        reports(&mut events, [Some(Event::Idle)]);
        let mut events = all().with_shutdown(signal).with_idle(HOUR).with_limit(HOUR);
        shutdown.send(()).expect("the signal is there");
        reports(&mut events, [Some(Event::ShutDown), None]);
    });
}

/// Both ways to ask for it: to send, and to drop the last sender. The sources keep what was not reported:
/// source 1 has a second value when its first is reported.
#[test]
fn a_shutdown_comes_first_and_the_sources_keep_the_rest() {
    // SL-28
    must_end("the shutdown does not end the loop", || {
        for sends in [true, false] {
            let timers = Timers::new(Clock::real());
            let (senders, sources) = channels(3, 2);
            let (shutdown, signal) = bounded(1);
            let mut events = Multiplexer::new(&timers, sources).with_shutdown(signal);
            for value in [1, 4] {
                senders[1].send(value).expect("the multiplexer is there");
            }
            reports(&mut events, [Some(Event::Received(1, 1))]);
            for (number, sender) in senders.iter().enumerate() {
                sender.send(number).expect("the multiplexer is there");
            }
            let because = if sends {
                shutdown.send(()).expect("the multiplexer is there");
                "the signal has sent (), and all sources have values"
            } else {
                drop(shutdown);
                "the signal has no sender any more, and all sources have values"
            };
            reports_because(&mut events, [Some(Event::ShutDown), None], because);
            drop(senders);
            let left: Vec<Vec<_>> = events
                .into_sources()
                .into_iter()
                .map(|source| {
                    source.map_or(Vec::new(), |source| {
                        std::iter::from_fn(|| source.try_recv().ok()).collect()
                    })
                })
                .collect();
            assert_eq!(
                left,
                [vec![0], vec![4, 1], vec![2]],
                "what `into_sources` has returned, after `ShutDown`, with all that was not reported: 1 and 4 were sent \
                 to source 1, and 1 was reported, before 0, 1 and 2 were sent to the three"
            );
        }
    });
}

/// After the end, the closed sources are gone and the open ones are there, under their numbers.
#[test]
fn the_sources_come_back_under_their_numbers() {
    must_end("a turn does not end", || {
        let timers = Timers::new(Clock::real());
        let (mut senders, sources) = channels::<u32>(3, 1);
        drop(senders.remove(1));
        let mut events = Multiplexer::new(&timers, sources);
        reports(&mut events, [Some(Event::Closed(1))]);
        let is_open: Vec<_> = events.into_sources().iter().map(Option::is_some).collect();
        assert_eq!(
            is_open,
            [true, false, true],
            "which of three sources `into_sources` has returned: source 1 was reported as closed"
        );
    });
}

/// A turn sleeps on three sources, a limit and a signal. When it has ended nothing of it is registered
/// anywhere: a sleeper that is gone must not be given a value.
#[test]
fn a_turn_that_has_ended_is_registered_nowhere() {
    // SL-12
    must_end("a turn does not end", || {
        let timers = Timers::new(Clock::real());
        let (senders, sources) = channels(3, 0);
        let (shutdown, signal) = bounded(0);
        let events = Multiplexer::new(&timers, sources)
            .with_limit(HOUR)
            .with_idle(HOUR);
        let mut events = events.with_shutdown(signal);
        for round in 0..10 {
            thread::scope(|s| {
                s.spawn(|| {
                    wait_until("the turn does not sleep", || senders[0].registered() > 0);
                    senders[1].send(round).expect("the multiplexer is there");
                });
                reports(&mut events, [Some(Event::Received(1, round))]);
            });
            let left: Vec<_> = senders.iter().map(Sender::registered).collect();
            assert_eq!(left, [0; 3], "registrations of each source");
            assert_eq!(shutdown.registered(), 0, "registrations of the signal");
        }
    });
}
