//! Every interleaving of a few small programs with a `Drain`, whose connections are made of flags and
//! gates: no socket is in here. Main shuts down and waits, or one of both. IDs such as WP-11 name
//! behaviours of Go's worker pools.
//!
//! Time stands still until a thread advances the clock. The longest grace never ends.

use crate::sync::thread;
use crate::sync::time::{Clock, Duration};
use crate::{Connection, Drain, Phase};
use harness::testing::{
    Gate, Slot, both, let_others_sleep, must_sleep, spawn, staged_panic, staged_panic_of,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const SECOND: Duration = Duration::from_secs(1);

/// A connection that does what it was told.
#[derive(Clone)]
struct Peer(Arc<Told>);

struct Told {
    to_finish: Gate,
    to_end: Gate,
    cuts: AtomicUsize,
    /// What the connection's thread has done before it left.
    work: Slot,
    /// Takes no notice of `finish`. Of several in flight only one may listen: a drain may tell them in any order, such
    /// as that of a hash table, and a model has to take the same steps each time.
    is_busy: bool,
}

impl Peer {
    fn new() -> Self {
        Self::made(false)
    }

    fn made(is_busy: bool) -> Self {
        Self(Arc::new(Told {
            to_finish: Gate::shut("to_finish"),
            to_end: Gate::shut("to_end"),
            cuts: AtomicUsize::new(0),
            work: Slot::empty("work"),
            is_busy,
        }))
    }

    fn cuts(&self) -> usize {
        self.0.cuts.load(Relaxed)
    }

    #[track_caller]
    fn assert_has_worked(&self) {
        let work = self.0.work.read();
        assert_eq!(work, 7, "what the connection did before it left");
    }
}

impl Connection for Peer {
    fn finish(&self) {
        if !self.0.is_busy {
            self.0.to_finish.open();
        }
    }

    fn cut(&self) {
        let before = self.0.cuts.fetch_add(1, Relaxed);
        assert_eq!(before, 0, "`cut` was called twice on one connection");
        self.0.to_end.open();
    }
}

#[track_caller]
fn open() -> (Clock, Drain<Peer>) {
    let clock = Clock::manual();
    (clock.clone(), Drain::new(clock))
}

/// Nothing is in flight, and nobody has shut down: `wait` has to sleep, and to wake when main shuts down.
#[test]
fn wait_sleeps_until_somebody_shuts_down() {
    // WP-12
    must_sleep("`wait`", "nobody had shut down", || {
        open().1.wait();
    });
    harness::model(|| {
        let (_, drain) = open();
        let (first, cut) = both(|| drain.shutdown(Duration::MAX), || drain.wait());
        assert!(first, "this call of `shutdown` was the first");
        assert_eq!(cut, 0, "nothing was in flight, and `wait` returned");
    });
}

/// A connection stays in flight, and the time does not come: `wait` has to sleep. A nanosecond is not two.
#[test]
fn wait_sleeps_while_a_connection_is_in_flight() {
    must_sleep("`wait`", "a connection was in flight", || {
        let (clock, drain) = open();
        let _in_flight = drain.enter(Peer::new()).ok();
        drain.shutdown(Duration::from_nanos(2));
        thread::scope(|s| {
            spawn(s, "timekeeper", || clock.advance(Duration::from_nanos(1)));
            drain.wait();
            panic!("`wait` returned, and a connection was in flight");
        });
    });
}

/// The connection leaves while main waits. Main has to wake up, and to see what the connection's thread has
/// done.
#[test]
fn the_last_to_leave_wakes_the_waiter() {
    // WP-11, WP-14
    harness::model(|| {
        let (_, drain) = open();
        let peer = Peer::new();
        let in_flight = drain.enter(peer.clone()).ok();
        thread::scope(|s| {
            spawn(s, "connection", || {
                peer.0.work.write(7);
                drop(in_flight);
            });
            drain.shutdown(Duration::MAX);
            assert_eq!(
                drain.wait(),
                0,
                "`wait` cut a connection, and no time had passed"
            );
            peer.assert_has_worked();
        });
        assert_eq!(drain.in_flight(), 0);
    });
}

/// Two connections leave at the same time, and main waits for both.
#[test]
fn wait_returns_after_every_connection_has_left() {
    harness::model(|| {
        let (_, drain) = open();
        let peers = [Peer::new(), Peer::new()];
        let [first, second] = [0, 1].map(|i| drain.enter(peers[i].clone()).ok());
        thread::scope(|s| {
            spawn(s, "first", || {
                peers[0].0.work.write(1);
                drop(first);
            });
            assert_ne!(drain.in_flight(), 0, "the second has not left");
            drop(second);
            drain.shutdown(Duration::MAX);
            assert_eq!(drain.wait(), 0, "nothing had to be cut");
            assert_eq!(
                peers[0].0.work.read(),
                1,
                "what the first did before it left"
            );
        });
    });
}

/// A connection comes in while main shuts down: either it is refused, or it is told to finish and waited
/// for. It ends only when it is told.
#[test]
fn a_connection_that_gets_in_beside_a_shutdown_is_told() {
    // WP-09
    harness::model(|| {
        let (_, drain) = open();
        let peer = Peer::new();
        thread::scope(|s| {
            spawn(s, "connection", || {
                if let Ok(in_flight) = drain.enter(peer.clone()) {
                    peer.0.to_finish.pass();
                    peer.0.work.write(7);
                    drop(in_flight);
                }
            });
            drain.shutdown(Duration::MAX);
            let returned = drain.enter(Peer::new()).err();
            assert!(returned.is_some(), "a connection got in after the shutdown");
            assert_eq!(
                drain.wait(),
                0,
                "`wait` cut a connection, and no time had passed"
            );
            assert_eq!(drain.in_flight(), 0, "after `wait`");
            peer.0.work.read();
        });
    });
}

/// The time comes while main waits for a connection that ends only when it is cut; another has ended when it was
/// told to finish. Main has to wake up at the deadline, cut the one that is left, and wait until it has left.
#[test]
fn at_the_deadline_the_rest_is_cut_and_waited_for() {
    harness::model(|| {
        let (clock, drain) = open();
        let peer = Peer::made(true);
        let in_flight = drain.enter(peer.clone()).ok();
        let early = Peer::new();
        let in_time = drain.enter(early.clone()).ok();
        drain.shutdown(SECOND);
        thread::scope(|s| {
            spawn(s, "connections", || {
                early.0.to_finish.pass();
                drop(in_time);
                clock.advance(SECOND);
                peer.0.to_end.pass();
                peer.0.work.write(7);
                drop(in_flight);
            });
            assert_eq!(
                drain.wait(),
                1,
                "two were in flight, one left before the deadline, and one had to be cut"
            );
            peer.assert_has_worked();
        });
        assert_eq!(
            (early.cuts(), peer.cuts()),
            (0, 1),
            "calls of `cut`: one connection left before the deadline, and one did not"
        );
    });
}

/// The last connection leaves when the time comes. Both answers are right, and what `wait` returns is what
/// it has cut.
#[test]
fn the_count_is_true_if_the_last_leaves_at_the_deadline() {
    harness::model(|| {
        let (clock, drain) = open();
        let peer = Peer::new();
        let in_flight = drain.enter(peer.clone()).ok();
        drain.shutdown(SECOND);
        let (cut, ()) = both(
            || drain.wait(),
            || {
                clock.advance(SECOND);
                drop(in_flight);
            },
        );
        assert_eq!(cut, peer.cuts(), "`wait` returned how many it has cut");
    });
}

/// The time runs from the call of `shutdown`: main begins to wait when a second is over already, and
/// nothing moves the clock any more. The connection is told to finish all the same, and then it is cut.
#[test]
fn the_time_runs_from_the_shutdown() {
    harness::model(|| {
        let (clock, drain) = open();
        let peer = Peer::new();
        let in_flight = drain.enter(peer.clone()).ok();
        drain.shutdown(SECOND);
        clock.advance(SECOND);
        thread::scope(|s| {
            spawn(s, "connection", || {
                peer.0.to_finish.pass();
                peer.0.to_end.pass();
                drop(in_flight);
            });
            assert_eq!(drain.wait(), 1, "one connection had to be cut");
        });
    });
}

/// Main asks how far the shutdown has got, while another thread asks how many are in flight.
#[test]
fn the_phase_is_told_beside_another_call() {
    harness::model(|| {
        let (_, drain) = open();
        drain.shutdown(SECOND);
        let (phase, in_flight) = both(|| drain.phase(), || drain.in_flight());
        assert_eq!(phase, Phase::Draining, "the phase, a second before the end");
        assert_eq!(in_flight, 0, "nothing was in flight");
    });
}

/// The first shutdown gives all the time there is, the second gives none.
#[test]
fn a_grace_without_end_can_be_brought_forward() {
    harness::model(|| {
        let (_, drain) = open();
        drain.shutdown(Duration::MAX);
        drain.shutdown(Duration::ZERO);
        assert_eq!(
            drain.phase(),
            Phase::Over,
            "the phase, after a shutdown with no end and another with no grace"
        );
    });
}

/// Main waits, with all the time there is. A second shutdown gives none, and no clock moves.
#[test]
fn a_second_shutdown_ends_the_wait() {
    // WP-10
    harness::model(|| {
        let (_, drain) = open();
        let peer = Peer::new();
        let in_flight = drain.enter(peer.clone()).ok();
        assert!(drain.shutdown(Duration::MAX), "the first shutdown");
        thread::scope(|s| {
            spawn(s, "connection", || {
                assert!(!drain.shutdown(Duration::ZERO), "the second shutdown");
                peer.0.to_end.pass();
                drop(in_flight);
            });
            assert_eq!(drain.wait(), 1, "one connection had to be cut");
        });
    });
}

/// Two threads shut down at the same time: one of them is the first, and the earlier deadline counts.
#[test]
fn of_two_shutdowns_the_earlier_deadline_counts() {
    harness::model(|| {
        let (clock, drain) = open();
        let firsts = both(|| drain.shutdown(SECOND), || drain.shutdown(2 * SECOND));
        assert!(firsts.0 != firsts.1, "one of two is the first: {firsts:?}");
        clock.advance(SECOND);
        assert_eq!(
            drain.phase(),
            Phase::Over,
            "the earlier of two deadlines has come"
        );
    });
}

/// Condition variables may wake without a notification, once or up to three times: while main waits for the shutdown, and
/// while it waits for the last to leave. With at most eight preemptions, or two.
#[test]
fn a_spurious_wakeup_ends_no_wait() {
    for (wakeups, turns, bound) in [(1, 0, 9), (3, 3, 3)] {
        harness::Model::new()
            .spurious_wakeups(wakeups)
            .loose_bound(bound)
            .check(move || {
                let (_, drain) = open();
                let peer = Peer::new();
                let in_flight = drain.enter(peer.clone()).ok();
                thread::scope(|s| {
                    spawn(s, "connection", || {
                        let_others_sleep(turns);
                        drain.shutdown(SECOND);
                        let_others_sleep(turns);
                        peer.0.work.write(7);
                        drop(in_flight);
                    });
                    assert_eq!(
                        drain.wait(),
                        0,
                        "`wait` cut a connection, and no time had passed"
                    );
                    peer.assert_has_worked();
                });
            });
    }
}

/// Main has cut the last connection, wakes without a notification, up to three times, and has to wait all the same until it
/// has left.
#[test]
fn a_spurious_wakeup_leaves_no_one_behind_who_was_cut() {
    for (wakeups, turns) in [(1, 0), (3, 3)] {
        harness::Model::new()
            .spurious_wakeups(wakeups)
            .check(move || {
                let (_, drain) = open();
                let peer = Peer::new();
                let in_flight = drain.enter(peer.clone()).ok();
                drain.shutdown(Duration::ZERO);
                thread::scope(|s| {
                    spawn(s, "connection", || {
                        let_others_sleep(turns);
                        peer.0.work.write(7);
                        drop(in_flight);
                    });
                    assert_eq!(
                        drain.wait(),
                        peer.cuts(),
                        "`wait` returned how many it has cut"
                    );
                    peer.assert_has_worked();
                });
            });
    }
}

/// The thread of the only connection panics, and its guard is dropped by that. Main must not wait any longer.
#[test]
fn a_panic_leaves_too() {
    // WP-13
    harness::model(|| {
        let (_, drain) = open();
        thread::scope(|s| {
            let in_flight = drain.enter(Peer::new()).ok();
            spawn(s, "connection", || {
                staged_panic_of(move || {
                    let _in_flight = in_flight;
                    staged_panic("the connection's");
                })
            });
            drain.shutdown(Duration::MAX);
            assert_eq!(drain.wait(), 0, "nothing had to be cut");
        });
    });
}

/// A connection that asks the drain whenever it is told something, or dropped.
#[derive(Clone)]
struct Asks(std::sync::Weak<Drain<Asks>>);

impl Connection for Asks {
    fn finish(&self) {
        self.0.upgrade().map(|drain| drain.in_flight());
    }

    fn cut(&self) {
        self.0.upgrade().map(|drain| drain.phase());
    }
}

impl Drop for Asks {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Connections that call the drain when they are told to finish, when they are cut and when they are dropped.
#[test]
fn connections_are_told_and_dropped_without_a_lock() {
    harness::model(|| {
        let drain = Arc::new(Drain::new(Clock::manual()));
        let asks = || Asks(Arc::downgrade(&drain));
        let in_flight = drain.enter(asks()).ok();
        drain.shutdown(Duration::ZERO);
        drop(drain.enter(asks()));
        both(|| drain.wait(), || drop(in_flight));
    });
}
