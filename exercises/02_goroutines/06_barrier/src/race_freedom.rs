//! Every interleaving of a few small programs. IDs such as WG-04 name behaviours of Go's `sync.WaitGroup`, of
//! which barriers are made there; the barrier has to do without its restrictions.

use crate::Barrier;
use crate::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use crate::sync::thread;
use harness::testing::{Slot, must_sleep, spawn};

/// Catches a barrier that takes one arrival too many to open, and one that has no leader when nobody sleeps.
#[test]
fn a_barrier_for_one_holds_nobody() {
    harness::model(|| {
        let barrier = Barrier::new(1);
        for round in 1..=2 {
            assert_one_leads(round, [barrier.wait().is_leader()]);
        }
    });
}

/// A program that must not end, because a second thread never comes. Catches a `wait` that returns too soon,
/// and one that spins.
#[test]
fn wait_sleeps_until_the_round_is_full() {
    must_sleep("`wait`", "only one of two had arrived", || {
        let barrier = Barrier::new(2);
        barrier.wait();
    });
}

/// Catches the lost wakeup, that of a thread which has arrived and is not yet asleep when the other comes, and
/// a `wait` that returns before the other has come.
#[test]
fn both_wait_for_each_other() {
    // WG-02
    harness::model(|| {
        let barrier = Barrier::new(2);
        let (main, other) = (Came::named("main came"), Came::named("other came"));
        thread::scope(|s| {
            spawn(s, "other", || {
                other.to(1);
                barrier.wait();
                assert!(main.has_come_to(1), "`wait` returned before main had come");
            });
            main.to(1);
            barrier.wait();
            assert!(
                other.has_come_to(1),
                "`wait` returned before other had come"
            );
        });
    });
}

/// Catches one notification for several sleepers: two of three sleep when the third arrives. And two leaders, or
/// none, where more than one is woken.
#[test]
fn everyone_wakes_and_one_of_them_leads() {
    // WG-03
    harness::model(|| {
        let barrier = Barrier::new(3);
        let leads = || barrier.wait().is_leader();
        let leaders = thread::scope(|s| {
            let second = spawn(s, "second", leads);
            let third = spawn(s, "third", leads);
            [leads(), joined(second), joined(third)]
        });
        assert_one_leads(1, leaders);
    });
}

/// Catches `if` for `while`: one of the two is woken for no reason, before the other has come.
#[test]
fn a_spurious_wakeup_does_not_end_the_wait() {
    harness::Model::new().spurious_wakeups(1).check(|| {
        let barrier = Barrier::new(2);
        let other = Came::named("other came");
        thread::scope(|s| {
            spawn(s, "other", || {
                other.to(1);
                barrier.wait();
            });
            barrier.wait();
            assert!(
                other.has_come_to(1),
                "`wait` returned before other had come"
            );
        });
    });
}

/// Catches an arrival, or a look at whether the round is over, that orders nothing: each reads what the
/// other wrote before it came, whether it was the first to arrive or the last, and whether it slept or not.
#[test]
fn what_each_wrote_is_visible_to_all() {
    // WG-07, and in both directions
    harness::model(|| {
        let barrier = Barrier::new(2);
        let (main, other) = (Slot::empty("main wrote"), Slot::empty("other wrote"));
        thread::scope(|s| {
            spawn(s, "other", || {
                other.write(2);
                barrier.wait();
                assert_eq!(main.read(), 1);
            });
            main.write(1);
            barrier.wait();
            assert_eq!(other.read(), 2);
        });
    });
}

/// Catches a barrier that needs the threads of one round to be gone before the next begins, and does not see to
/// it: the fast one of the two comes again while the slow one has yet to leave. And a second round that has no
/// leader, or two.
#[test]
fn a_thread_may_come_again_before_the_other_has_left() {
    // WG-04, WG-13
    harness::model(|| {
        let barrier = Barrier::new(2);
        // Nobody reads where the threads have come to but you, in the dry run.
        let (main, other) = (Came::named("main came"), Came::named("other came"));
        let two_rounds = |came: &Came| {
            [1, 2].map(|round| {
                came.to(round);
                barrier.wait().is_leader()
            })
        };
        let (main, other) = thread::scope(|s| {
            let other = spawn(s, "other", || two_rounds(&other));
            (two_rounds(&main), joined(other))
        });
        assert_one_leads(1, [main[0], other[0]]);
        assert_one_leads(2, [main[1], other[1]]);
    });
}

/// Catches what is left over from the first round, such as a count that still says "full": in the second, main
/// writes what the other has read in the first, and the other must not be in the first any more.
#[test]
fn nobody_runs_ahead_into_the_next_step() {
    // WG-04
    harness::model(|| {
        let barrier = Barrier::new(2);
        let slot = Slot::empty("slot");
        thread::scope(|s| {
            spawn(s, "reader", || {
                barrier.wait();
                assert_eq!(slot.read(), 1);
                barrier.wait();
            });
            slot.write(1);
            barrier.wait(); // it is written
            barrier.wait(); // it has been read
            slot.write(2);
        });
    });
}

/// Catches a round that is recognised by what comes again: `slow` is alone with main in the first round, and when
/// it wakes, main has been through another with `late`. Nobody comes after that, so it has to know that
/// its own is over.
#[test]
fn a_thread_overtaken_by_whole_rounds_still_leaves() {
    // WG-13
    harness::model(|| {
        let barrier = Barrier::new(2);
        let leads = || barrier.wait().is_leader();
        thread::scope(|s| {
            let slow = spawn(s, "slow", leads);
            let first = leads();
            let late = spawn(s, "late", leads);
            let second = leads();
            assert_one_leads(1, [first, joined(slow)]);
            assert_one_leads(2, [second, joined(late)]);
        });
    });
}

/// Catches a thread that takes the round in which it looked for the one in which it arrives: with three threads at
/// a barrier for two, a round may fill and end between the two. Whoever is back first comes again, so that there
/// are four calls, whoever meets whom. At most 2 preemptions each, which makes 1,649 interleavings: all are too many.
#[test]
fn a_third_thread_belongs_to_the_next_round() {
    harness::Model::new().preemption_bound(2).check(|| {
        let barrier = Barrier::new(2);
        let called = AtomicUsize::named("called", 0);
        let back = AtomicUsize::named("back", 0);
        let call = || {
            called.fetch_add(1, Relaxed);
            barrier.wait();
            let back = back.fetch_add(1, Relaxed) + 1;
            let called = called.fetch_add(0, Relaxed);
            assert!(
                called >= back.next_multiple_of(2),
                "{back} calls of a barrier for two have returned, and {called} have been made"
            );
            back
        };
        let first_comes_again = || {
            if call() == 1 {
                call();
            }
        };
        thread::scope(|s| {
            spawn(s, "second", first_comes_again);
            spawn(s, "third", first_comes_again);
            first_comes_again();
        });
    });
}

/// Fails unless exactly one of the results of a round is the leader's.
#[track_caller]
fn assert_one_leads<const N: usize>(round: usize, results: [bool; N]) {
    let leaders = results.into_iter().filter(|leader| *leader).count();
    assert!(leaders == 1, "round {round} has {leaders} leaders");
}

#[track_caller]
fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().expect("`wait` does not panic")
}

/// The round that a thread has come to. It orders nothing, and is read by a read-modify-write, which sees the
/// newest value: a `wait` that returns too early is caught by it, and one that leaves another thread's writes
/// behind is not. That one is caught by a [`Slot`].
struct Came(AtomicUsize);

impl Came {
    fn named(name: &str) -> Self {
        Self(AtomicUsize::named(name, 0))
    }

    #[track_caller]
    fn to(&self, round: usize) {
        self.0.store(round, Relaxed);
    }

    #[track_caller]
    fn has_come_to(&self, round: usize) -> bool {
        self.0.fetch_add(0, Relaxed) >= round
    }
}
