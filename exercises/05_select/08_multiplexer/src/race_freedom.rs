//! Every interleaving of a few small programs. IDs such as TM-10 name behaviours of Go's timers, SL-28 of its
//! `select`.
//!
//! Timers fire on a thread of their own, `timers`, when the clock has been advanced. The timers and the
//! select are the references of their lessons. Models that have a bound of preemptions have many thousands of
//! interleavings without it, and some hundreds with it.

#![allow(clippy::drop_non_drop, reason = "the stub has nothing to drop")]

use crate::channel::{Receiver, Sender, bounded};
use crate::sync::thread;
use crate::sync::time::{Clock, Duration};
use crate::timer::Timers;
use crate::{Event, Multiplexer};
use harness::testing::{Slot, must_sleep, spawn};

const SECOND: Duration = Duration::from_secs(1);

fn on_a_manual_clock() -> (Clock, Timers) {
    let clock = Clock::manual();
    (clock.clone(), Timers::new(clock))
}

/// A source that has nothing, and the sender that keeps it open.
fn silent() -> (Receiver<u32>, Sender<u32>) {
    let (sender, receiver) = bounded(1);
    (receiver, sender)
}

/// Takes a turn, and requires it to end with this event.
#[track_caller]
fn reports(events: &mut Multiplexer<'_, u32>, expected: Option<Event<u32>>, because: &str) {
    let event = events.next();
    assert!(
        event == expected,
        "{because}: the turn should return {expected:?}, and it returned {event:?}"
    );
}

/// Returns when every timer has fired that was due by now.
fn let_timers_fire(timers: &Timers) {
    let last = timers.after(Duration::ZERO);
    last.ticks().recv().expect("the timer has a sender");
}

/// Two sources: another thread sends to the second and closes it, the first is silent. Either source can end a
/// turn that sleeps: `main` sees the value, and then the close, whether it slept or not. Catches a turn that
/// waits for one source only, and a close that is reported in place of the last value.
#[test]
fn the_last_value_comes_before_the_close() {
    harness::model(|| {
        let (_clock, timers) = on_a_manual_clock();
        let (first, _open) = silent();
        let (sender, second) = bounded(1);
        let slot = Slot::empty("slot");
        let mut events = Multiplexer::new(&timers, vec![first, second]);
        thread::scope(|s| {
            spawn(s, "source 1", || {
                slot.write(1);
                let sender = sender;
                sender.send(7).expect("the multiplexer is there");
            });
            reports(
                &mut events,
                Some(Event::Received(1, 7)),
                "source 1 has sent 7 and is closed",
            );
            assert_eq!(slot.read(), 1, "what source 1 did before it sent");
            reports(
                &mut events,
                Some(Event::Closed(1)),
                "all that source 1 has sent was reported",
            );
        });
    });
}

/// One source is closed, and the other is silent. The close is reported once, and the turn after it sleeps.
/// Catches the closed source that can be received from again and again, so that the loop never sleeps.
#[test]
fn a_closed_source_is_left_out() {
    // SL-04, SL-17
    must_sleep("the second turn", "there was nothing to report", || {
        let (_clock, timers) = on_a_manual_clock();
        let (closed, sender) = silent();
        let (open, _open) = silent();
        drop(sender);
        let mut events = Multiplexer::new(&timers, vec![closed, open]);
        reports(
            &mut events,
            Some(Event::Closed(0)),
            "source 0 has no sender and no value",
        );
        let event = events.next();
        panic!(
            "the close has been reported, source 1 was open and silent, and the second turn returned {event:?}"
        );
    });
}

/// A limit of three seconds, and a value in the first and in the second of them. Each turn is short, and in the
/// end there is no value any more. The limit counts from `with_limit`, not from a turn, and ends the last one.
/// Catches a timer that is made anew in each turn: it never comes to its end.
#[test]
fn a_limit_is_for_the_whole_however_short_its_turns() {
    // TM-10
    harness::Model::new().preemption_bound(2).check(|| {
        let (clock, timers) = on_a_manual_clock();
        let (sender, source) = bounded(1);
        let mut events = Multiplexer::new(&timers, vec![source]).with_limit(3 * SECOND);
        for value in [1, 2] {
            clock.advance(SECOND);
            sender.send(value).expect("the multiplexer is there");
            reports(
                &mut events,
                Some(Event::Received(0, value)),
                "a value, and the limit is not over",
            );
        }
        clock.advance(SECOND);
        reports(
            &mut events,
            Some(Event::TimedOut),
            "three seconds are over, the whole limit",
        );
        reports(&mut events, None, "after the last event");
    });
}

/// The limit is over while a turn sleeps, and ends that turn: no source has anything. Catches a turn that looks
/// at the limit only when it begins.
#[test]
fn a_limit_ends_a_turn_that_sleeps() {
    harness::Model::new().preemption_bound(2).check(|| {
        let (clock, timers) = on_a_manual_clock();
        let (source, _open) = silent();
        let mut events = Multiplexer::new(&timers, vec![source]).with_limit(SECOND);
        thread::scope(|s| {
            spawn(s, "clock", || clock.advance(SECOND));
            reports(
                &mut events,
                Some(Event::TimedOut),
                "the limit of a second is over",
            );
        });
    });
}

/// A source has values: it comes before the end of a turn that may take no time, and after the limit. Catches a
/// turn that is idle though a source has something, and a loop that looks at the limit only when no source has
/// anything: busy sources keep it going for ever.
#[test]
fn a_busy_source_does_not_put_off_the_limit() {
    // SL-27
    harness::Model::new().preemption_bound(2).check(|| {
        let (clock, timers) = on_a_manual_clock();
        let (sender, source) = bounded(2);
        for value in [7, 8] {
            sender.send(value).expect("the receiver is there");
        }
        let events = Multiplexer::new(&timers, vec![source]).with_limit(SECOND);
        let mut events = events.with_idle(Duration::ZERO);
        reports(
            &mut events,
            Some(Event::Received(0, 7)),
            "source 0 has 7, and a turn may take no time",
        );
        clock.advance(2 * SECOND);
        let_timers_fire(&timers);
        reports(
            &mut events,
            Some(Event::TimedOut),
            "the limit is over, though source 0 has a value",
        );
        let left = events.into_sources().remove(0).expect("it is not closed");
        assert_eq!(left.try_recv(), Ok(8), "what nobody has received");
    });
}

/// A turn sleeps, and nothing happens for a second. The turn after it may last another second. Neither leaves a
/// timer. Explores only runs without preemption: `main` is asleep in its turn before the other thread advances
/// the clock. Catches a turn that does not end, and an `Idle` that ends the whole.
#[test]
fn a_turn_in_which_nothing_happens_is_idle() {
    harness::Model::new().preemption_bound(0).check(|| {
        let (clock, timers) = on_a_manual_clock();
        let (sender, source) = bounded(1);
        let mut events = Multiplexer::new(&timers, vec![source]).with_idle(SECOND);
        thread::scope(|s| {
            spawn(s, "clock", || clock.advance(SECOND));
            reports(
                &mut events,
                Some(Event::Idle),
                "a second has passed in the turn",
            );
            sender.send(7).expect("the multiplexer is there");
            reports(
                &mut events,
                Some(Event::Received(0, 7)),
                "source 0 has sent 7",
            );
        });
    });
}

/// Between two turns the program is busy for longer than a turn may sleep. The next turn counts from its own
/// beginning, and the clock stands still: it sleeps. Catches a timer that runs on from the turn before, and
/// its stale tick; and as a turn may sleep for a nanosecond only, a time that is counted in milliseconds.
#[test]
fn a_turn_counts_from_its_own_beginning() {
    // TM-03
    must_sleep("the second turn", "its time was not over", || {
        let (clock, timers) = on_a_manual_clock();
        let (sender, source) = bounded(1);
        let mut events = Multiplexer::new(&timers, vec![source]).with_idle(Duration::from_nanos(1));
        sender.send(7).expect("the multiplexer is there");
        reports(
            &mut events,
            Some(Event::Received(0, 7)),
            "source 0 has sent 7",
        );
        clock.advance(2 * SECOND);
        let_timers_fire(&timers);
        let event = events.next();
        panic!("the clock stood still in the second turn, and it returned {event:?}");
    });
}

/// A turn sleeps until the limit, until it is idle, or without either, and half of that time passes: it does
/// not wake up. When the multiplexer has been dropped, no timer of a turn is left. Catches a turn that sleeps
/// in slices, and wakes up after each to look: it is registered anew for each of them.
#[test]
fn a_turn_sleeps_in_one_piece() {
    for (has_limit, has_idle) in [(true, false), (false, true), (false, false)] {
        harness::Model::new().loose_bound(2).check(move || {
            let (clock, timers) = on_a_manual_clock();
            let (source, sender) = silent();
            let mut events = Multiplexer::new(&timers, vec![source]);
            if has_limit {
                events = events.with_limit(2 * SECOND);
            }
            if has_idle {
                events = events.with_idle(2 * SECOND);
            }
            thread::scope(|s| {
                spawn(s, "clock", || {
                    let sleeps = sender.registered() > 0;
                    clock.advance(SECOND);
                    assert!(
                        !sleeps || sender.registered() > 0,
                        "a second has passed, nothing has happened, and the turn woke up"
                    );
                    clock.advance(2 * SECOND);
                    // If the turn began only now, it has all of its time to come; without a limit, always.
                    if !sleeps || !(has_limit || has_idle) {
                        sender.send(7).expect("the multiplexer is there");
                    }
                });
                events.next();
            });
        });
    }
}

/// Somebody asks for the shutdown while a turn sleeps. Both sources are silent and stay open, and the shutdown
/// ends the turn all the same. Catches a shutdown that waits for the slowest of them.
#[test]
fn a_shutdown_waits_for_no_source() {
    harness::model(|| {
        let (_clock, timers) = on_a_manual_clock();
        let (first, _open) = silent();
        let (second, _open) = silent();
        let (shutdown, signal) = bounded(0);
        let mut events = Multiplexer::new(&timers, vec![first, second]).with_shutdown(signal);
        thread::scope(|s| {
            spawn(s, "shutdown", || drop(shutdown));
            reports(
                &mut events,
                Some(Event::ShutDown),
                "the signal has no sender any more",
            );
            reports(&mut events, None, "after the last event");
        });
    });
}

/// A source sends, or is closed, and then the shutdown is asked for, while `main` takes its turns. The value is reported,
/// or it is still in the source; the close is reported, or the source is still there. Catches the last value that is taken
/// out and dropped because the shutdown came in between.
#[test]
fn a_shutdown_loses_nothing() {
    for is_closed in [false, true] {
        harness::model(move || {
            let (_clock, timers) = on_a_manual_clock();
            let (sender, source) = bounded(1);
            let mut sender = Some(sender);
            let (shutdown, signal) = bounded(1);
            let mut events = Multiplexer::new(&timers, vec![source]).with_shutdown(signal);
            thread::scope(|s| {
                spawn(s, "source 0", || {
                    if is_closed {
                        sender = None;
                    } else if let Some(sender) = &sender {
                        sender.send(7).expect("the multiplexer is there");
                    }
                    // With the close of its only source the multiplexer may have gone.
                    let _ = shutdown.send(());
                });
                let first = events.next();
                let (expected, what) = match is_closed {
                    false => (Event::Received(0, 7), "value"),
                    true => (Event::Closed(0), "close of source 0"),
                };
                let reported = first == Some(expected);
                let last = if reported { events.next() } else { first };
                if is_closed && reported {
                    assert_eq!(last, None, "all sources are closed");
                } else {
                    assert_eq!(last, Some(Event::ShutDown), "the shutdown was asked for");
                }
                let left = events.into_sources().remove(0);
                let is_left = match is_closed {
                    true => left.is_some(),
                    false => left.is_some_and(|source| source.try_recv().is_ok()),
                };
                assert!(
                    is_left != reported,
                    "the {what} was {}",
                    if reported {
                        "reported, and is still there"
                    } else {
                        "not reported, and is gone"
                    }
                );
            });
        });
    }
}

/// The limit passes while a source sends. The value is reported, or it is still in the source. Catches the
/// last value that is taken out and dropped because the time was over.
#[test]
fn a_limit_loses_nothing() {
    harness::Model::new().loose_bound(2).check(|| {
        let (clock, timers) = on_a_manual_clock();
        let (sender, source) = bounded(1);
        let mut events = Multiplexer::new(&timers, vec![source]).with_limit(SECOND);
        let (reported, left) = thread::scope(|s| {
            spawn(s, "source 0", || {
                clock.advance(SECOND);
                sender.try_send(7).expect("there is room, and a receiver");
            });
            let reported: Vec<_> = events.by_ref().collect();
            (reported, events.into_sources().remove(0))
        });
        let is_left = left.is_some_and(|source| source.try_recv() == Ok(7));
        let expected = match is_left {
            true => vec![Event::TimedOut],
            false => vec![Event::Received(0, 7), Event::TimedOut],
        };
        assert_eq!(
            reported, expected,
            "what was reported, of what the source does not have any more"
        );
    });
}

/// Both sources have values, and then the shutdown is asked for: a turn looks at the shutdown first, and then
/// takes the source with the lowest number. Catches a turn that takes any of those that have something, and a
/// shutdown that comes after the sources.
#[test]
fn what_comes_first_is_decided_by_the_order() {
    // SL-28
    harness::model(|| {
        let (_clock, timers) = on_a_manual_clock();
        let (sources, _senders): (Vec<_>, Vec<_>) = (0..2)
            .map(|number| {
                let (sender, source) = bounded(1);
                sender.send(number).expect("the receiver is there");
                (source, sender)
            })
            .unzip();
        let (shutdown, signal) = bounded(1);
        let mut events = Multiplexer::new(&timers, sources).with_shutdown(signal);
        reports(
            &mut events,
            Some(Event::Received(0, 0)),
            "both sources have a value, and the lower number comes first",
        );
        shutdown.send(()).expect("the multiplexer is there");
        reports(
            &mut events,
            Some(Event::ShutDown),
            "source 1 has a value, and the shutdown was asked for",
        );
        let left: Vec<_> = events
            .into_sources()
            .into_iter()
            .flatten()
            .map(|source| source.try_recv().ok())
            .collect();
        assert_eq!(left, [None, Some(1)], "what is left in the sources");
    });
}

/// A turn has looked and found nothing, and two things have happened when it looks again or wakes up: the shutdown was asked
/// for, or the limit was over, and then source 0 sent; or source 0 sent, and then source 1, or the time of the turn was
/// over. Each time the first of the two is reported. Explores only runs without preemption: the other thread runs when
/// `main` yields or sleeps. Catches a `select` whose arms stand in another order than that of the contract, and a limit that only
/// the turn looks at, when it has woken up.
#[test]
fn what_comes_before_a_turn_sleeps_has_the_same_order() {
    // SL-28
    for (expected, source_1_sends) in [
        (Event::ShutDown, false),
        (Event::TimedOut, false),
        (Event::Received(0, 7), true),
        (Event::Received(0, 7), false),
    ] {
        harness::Model::new().preemption_bound(0).check(move || {
            let (clock, timers) = on_a_manual_clock();
            let (sender, source) = bounded(1);
            let (other_sender, other_source) = bounded(1);
            let (shutdown, signal) = bounded(1);
            let events = Multiplexer::new(&timers, vec![source, other_source]);
            let (mut events, because) = match expected {
                Event::ShutDown => (
                    events.with_shutdown(signal),
                    "the shutdown was asked for, and then source 0 sent 7",
                ),
                Event::TimedOut => (
                    events.with_limit(SECOND),
                    "the limit was over, and then source 0 sent 7",
                ),
                _ if source_1_sends => (events, "source 0 sent 7, and then source 1 sent 8"),
                _ => (
                    events.with_idle(SECOND),
                    "source 0 sent 7, and then the time of the turn was over",
                ),
            };
            let sends_first = expected == Event::Received(0, 7);
            thread::scope(|s| {
                spawn(s, "sender", || {
                    let send = || sender.send(7).expect("the multiplexer is there");
                    if sends_first {
                        send();
                    }
                    if source_1_sends {
                        other_sender.send(8).expect("the multiplexer is there");
                    } else if expected == Event::ShutDown {
                        shutdown.send(()).expect("the multiplexer is there");
                    } else {
                        clock.advance(SECOND);
                        let_timers_fire(&timers);
                    }
                    if !sends_first {
                        send();
                    }
                });
                reports(&mut events, Some(expected.clone()), because);
            });
            let mut left = events.into_sources();
            for (number, sent) in [
                (1, source_1_sends.then_some(8)),
                (0, (!sends_first).then_some(7)),
            ] {
                let left = left.remove(number).expect("it is not closed");
                assert_eq!(
                    left.try_recv().ok(),
                    sent,
                    "what nobody has received from source {number}"
                );
            }
        });
    }
}

/// Two sources send at the same time. One of them ends the turn; the other's value stays in its source until
/// the next. Catches a turn that both of them end: it reports one of the values.
#[test]
fn one_source_ends_a_turn() {
    // SL-12
    harness::Model::new().preemption_bound(1).check(|| {
        let (_clock, timers) = on_a_manual_clock();
        let (senders, sources): (Vec<_>, Vec<_>) = (0..2).map(|_| bounded(1)).unzip();
        let mut events = Multiplexer::new(&timers, sources.clone());
        thread::scope(|s| {
            for (number, sender) in senders.iter().enumerate() {
                spawn(s, &format!("source {number}"), move || {
                    sender.send(number).expect("the multiplexer is there");
                });
            }
            events.next();
        });
        let left: Vec<_> = sources.iter().map(|source| source.try_recv()).collect();
        let values = left.iter().flatten().count();
        assert_eq!(values, 1, "values left, of two, after one was reported");
    });
}
