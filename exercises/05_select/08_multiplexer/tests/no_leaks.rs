//! No thread, no value, no timer and no registration stays behind, whichever way the loop ends.

#![allow(clippy::drop_non_drop, reason = "the stub has nothing to drop")]

use channels::real::bounded;
use harness::leaks::{self, track};
use harness::sync::real::thread;
use harness::sync::real::time::{Clock, Duration};
use harness::testing::{must_end, wait_until};
use multiplexer::{Event, Multiplexer};
use timer_solution::Timers;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

const HOUR: Duration = Duration::from_secs(3600);

/// Half of the values is reported, and then the consumer leaves. The other half goes with the sources.
#[test]
fn values_go_with_the_sources() {
    leaks::check(|| {
        must_end("`next` waits though a source has something", || {
            let timers = Timers::new(Clock::real());
            let (senders, sources): (Vec<_>, Vec<_>) = (0..2).map(|_| bounded(4)).unzip();
            for sender in &senders {
                for n in 0..4 {
                    sender.send(track(n)).expect("the receiver is there");
                }
            }
            let mut events = Multiplexer::new(&timers, sources)
                .with_idle(HOUR)
                .with_limit(HOUR);
            assert_eq!(events.by_ref().take(4).count(), 4);
            drop(events);
            assert!(
                senders[1].send(track(5)).is_err(),
                "nobody is left to receive"
            );
        });
    });
}

/// The timers live on, and so does their thread. Many loops use them, of many turns; each has an hour. What
/// they needed is gone with them.
#[test]
fn a_loop_leaves_no_timer_behind() {
    let timers = Timers::new(Clock::real());
    let _thread = timers.after(2 * HOUR);
    let (sender, source) = bounded(1);
    leaks::check(|| {
        for limit in [HOUR, Duration::ZERO] {
            let (shutdown, signal) = bounded(1);
            let events = Multiplexer::new(&timers, vec![source.clone()]);
            let mut events = events
                .with_idle(HOUR)
                .with_limit(limit)
                .with_shutdown(signal);
            sender.send(1).expect("the source is there");
            let first = events.next();
            let expected = [Some(Event::Received(0, 1)), Some(Event::TimedOut)];
            assert!(expected.contains(&first), "the first event is {first:?}");
            let _ = source.try_recv();
            if limit == HOUR {
                shutdown.send(()).expect("the multiplexer is there");
                assert_eq!(events.next(), Some(Event::ShutDown));
            }
        }
    });
}

/// Turns that a timer ends, because nothing has happened, and turns that a value ends when they sleep, long before their
/// time. None keeps anything, while the multiplexer lives on.
#[test]
fn a_turn_leaves_nothing_behind() {
    let timers = Timers::new(Clock::real());
    let (sender, source) = bounded::<u32>(1);
    let events_with = |idle| {
        let events = Multiplexer::new(&timers, vec![source.clone()]);
        events.with_idle(idle).with_limit(HOUR)
    };
    let mut events = events_with(Duration::ZERO);
    leaks::check(|| {
        for _ in 0..10 {
            assert_eq!(events.next(), Some(Event::Idle));
        }
    });
    let mut events = events_with(HOUR);
    leaks::check(|| {
        for value in 0..10 {
            thread::scope(|s| {
                s.spawn(|| {
                    wait_until("the turn does not sleep", || sender.registered() > 0);
                    sender.send(value).expect("the multiplexer is there");
                });
                assert_eq!(events.next(), Some(Event::Received(0, value)));
            });
        }
    });
}
