//! Every interleaving of a few small programs. IDs such as WG-04 name behaviours of Go's `sync.WaitGroup`,
//! from which Go programs make barriers; this barrier has to work without its restrictions.

use crate::Barrier;
use crate::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use crate::sync::thread;
use harness::Model;
use harness::testing::{
    Gate, Slot, both, first_interleaving, let_others_sleep, must_sleep, must_sleep_again, spawn,
};

/// A thread that is a round by itself leads each of its rounds, and does not sleep. Catches a barrier that takes
/// one arrival too many to open, and one that has no leader if no thread sleeps.
#[test]
fn a_barrier_for_one_holds_nobody() {
    harness::model(|| {
        let barrier = Barrier::new(1);
        for round in 1..=2 {
            assert_one_leads(round, [barrier.wait().is_leader()]);
        }
    });
}

/// A program that must not end, because a third thread never comes. Catches a `wait` that returns too
/// early, and one that spins, if only while another one sleeps or in a later round.
#[test]
fn wait_sleeps_until_the_round_is_full() {
    must_sleep("`wait`", "only two of three had arrived", || {
        let barrier = Barrier::new(3);
        // Without the panics, a return would be a deadlock, too: the other one sleeps.
        let never_full = || {
            barrier.wait();
            panic!("`wait` returned, and the round was not full");
        };
        thread::scope(|s| {
            spawn(s, "second", || {
                barrier.wait();
                never_full();
            });
            spawn(s, "third", || barrier.wait());
            barrier.wait();
            never_full();
        });
    });
}

/// One arrival does not fill the largest rounds that there are, and `new` takes no room for the others. Catches a number
/// that is cut to fit, and a `new` that makes room for all or computes with more than `n`.
#[test]
fn wait_sleeps_however_large_the_round_is() {
    let one_if_cut_to_32_bits = usize::try_from((1_u64 << 32) + 1);
    for n in [usize::MAX].into_iter().chain(one_if_cut_to_32_bits) {
        let because = format!("only one of {n} (0x{n:x}) had arrived");
        must_sleep("`wait`", &because, move || {
            Barrier::new(n).wait();
        });
    }
}

/// Neither of two threads leaves before the other has come, and both leave. Catches the lost wakeup of a thread
/// that has arrived and is not yet asleep when the other comes, and a `wait` that returns too early.
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

/// A weak exchange may fail though the value is the expected one. Catches code that takes such a failure for the arrival of
/// another thread.
#[test]
fn an_exchange_that_fails_spuriously_is_tried_again() {
    Model::new().spurious_failures(1).check(|| {
        let barrier = Barrier::new(2);
        thread::scope(|s| {
            spawn(s, "other", || {
                barrier.wait();
            });
            barrier.wait();
        });
    });
}

/// Two of three threads may sleep when the third arrives: all leave, one of them leads, and each sees what the
/// others did before they came. Catches one notification for several sleepers, two leaders or none, and a thread
/// that sees only what the last one wrote.
#[test]
fn everyone_wakes_and_one_of_them_leads() {
    // WG-03, WG-07
    harness::model(|| {
        let barrier = Barrier::new(3);
        let slots = ["main wrote", "second wrote", "third wrote"].map(Slot::empty);
        let leads = |own: usize| {
            slots[own].write(1);
            let leads = barrier.wait().is_leader();
            assert!(slots.iter().all(|slot| slot.read() == 1));
            leads
        };
        let leaders = thread::scope(|s| {
            let second = spawn(s, "second", || leads(1));
            let third = spawn(s, "third", || leads(2));
            [leads(0), joined(second), joined(third)]
        });
        assert_one_leads(1, leaders);
    });
}

/// A thread that waits may wake up though nobody has woken it, up to three times: it sleeps again until the other has
/// come. Catches `if` in place of `while`, once or several times.
#[test]
fn a_spurious_wakeup_does_not_end_the_wait() {
    Model::new().spurious_wakeups(3).check(|| {
        let barrier = Barrier::new(2);
        let other = Came::named("other came");
        thread::scope(|s| {
            spawn(s, "other", || {
                let_others_sleep(3);
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
    must_sleep_again("`wait`", |steps| {
        let barrier = Barrier::new(2);
        let comes_late = || {
            steps();
            barrier.wait();
        };
        both(|| barrier.wait(), comes_late);
    });
}

/// A thread may wake up for no reason in its second round too, where the fast one of the two may sleep until the
/// slow one has left the first: it sleeps again until the other has come.
#[test]
fn a_spurious_wakeup_does_not_end_the_second_wait() {
    Model::new().spurious_wakeups(1).check(|| {
        let barrier = Barrier::new(2);
        let other = Came::named("other came");
        thread::scope(|s| {
            spawn(s, "other", || {
                for round in 1..=2 {
                    other.to(round);
                    barrier.wait();
                }
            });
            for round in 1..=2 {
                barrier.wait();
                assert!(
                    other.has_come_to(round),
                    "`wait` returned from round {round} before other had come to it"
                );
            }
        });
    });
}

/// Each of two threads reads what the other wrote before it came, whether it arrived first or last, and whether or
/// not it slept. Catches an arrival, or a check of whether the round is over, that orders nothing.
#[test]
fn what_each_wrote_is_visible_to_all() {
    // WG-07, in both directions
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

/// Two threads make two rounds, and the fast one comes to the second while the slow one has not left the first:
/// both leave both, and each round has one leader. Catches a barrier that relies on all having left before the next
/// round begins.
#[test]
fn a_thread_may_come_again_before_the_other_has_left() {
    // WG-04, WG-13
    harness::model(|| {
        let barrier = Barrier::new(2);
        // These are not read: they show you in the dry run which round the threads have come to.
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

/// Main writes, both meet, the reader reads, both meet again, and main writes once more: the reader has left the
/// first round and read by then. Catches anything left over from the first round, such as a count that still says
/// "full".
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

/// Main has met `slow`, and before `slow` wakes, main meets `late`: `slow` leaves all the same, because its own
/// round is over. No other thread comes after that. Catches a round that is recognised by something that comes
/// again.
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

/// Main has met `slow`, and before `slow` runs again, main meets `late` 255 times: `slow` still leaves. A round's number of
/// 8 bits or fewer has come full circle by then, and looks as if `slow`'s round were not over.
///
/// The first interleaving is enough, in which no thread is preempted, and of the threads that can run, one that has
/// yielded comes last: a panic ends the exploration.
#[test]
fn a_thread_overtaken_by_255_rounds_still_leaves() {
    // WG-13
    const SEEN: &str = "slow leaves after all rounds";
    first_interleaving(SEEN, || {
        let barrier = Barrier::new(2);
        let slow_has_yielded = Gate::shut("slow has yielded");
        let slow_comes = Gate::shut("slow comes");
        let over = Came::named("over");
        let meet_often = || {
            for _ in 0..255 {
                barrier.wait();
            }
            over.to(1);
        };
        thread::scope(|s| {
            spawn(s, "slow", || {
                thread::yield_now();
                slow_has_yielded.open();
                slow_comes.open();
                barrier.wait();
                assert!(!over.has_come_to(1), "{SEEN}");
            });
            slow_has_yielded.pass();
            slow_comes.pass();
            barrier.wait();
            spawn(s, "late", meet_often);
            meet_often();
        });
    });
}

/// Three threads come to a barrier for two, and the first to leave comes again: of four calls each meets one other,
/// and all leave.
///
/// Catches a thread that mistakes the round that it has looked at for the round in which it arrives: a round may
/// fill and end between the look and the arrival.
#[test]
fn a_third_thread_belongs_to_the_next_round() {
    Model::new().loose_bound(2).check(|| {
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
                "{back} calls of a barrier for two have returned, but only {called} have been made"
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

/// Three threads make two rounds, and the first to leave the first round comes again while the other two are
/// asleep: these leave, too. No thread is preempted in any run. Catches a wakeup for a thread that has yet to
/// leave, which one that comes to the next round takes.
#[test]
fn a_thread_that_comes_again_takes_nobodys_wakeup() {
    // WG-03, WG-13
    Model::new().preemption_bound(0).check(|| {
        let barrier = Barrier::new(3);
        let two_rounds = || {
            barrier.wait();
            barrier.wait();
        };
        thread::scope(|s| {
            spawn(s, "second", two_rounds);
            spawn(s, "third", two_rounds);
            two_rounds();
        });
    });
}

/// Four threads make two rounds, and one of them is interrupted on its way: it may open the first round after another has
/// opened the second, and the second must stay open. Each arrival counts, all leave, and each round has one leader.
///
/// At most one preemption in each interleaving. Catches a thread that opens its round after the next one has been opened,
/// and takes that back.
#[test]
fn a_round_that_opens_late_does_not_shut_the_next() {
    // WG-13
    Model::new().loose_bound(1).check(|| {
        let barrier = Barrier::new(2);
        let leads = || barrier.wait().is_leader();
        let leaders = thread::scope(|s| {
            let others = ["second", "third", "fourth"].map(|name| spawn(s, name, leads));
            let main = usize::from(leads());
            main + others.map(joined).into_iter().filter(|leads| *leads).count()
        });
        assert!(
            leaders == 2,
            "four calls made two rounds, with {leaders} leaders in all, but each round must have exactly one"
        );
    });
}

/// Fails unless exactly one of the results of a round is the leader's.
#[track_caller]
fn assert_one_leads<const N: usize>(round: usize, results: [bool; N]) {
    let leaders = results.into_iter().filter(|leader| *leader).count();
    assert!(
        leaders == 1,
        "round {round} has {leaders} leaders, but it must have exactly one"
    );
}

#[track_caller]
fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().expect("`wait` does not panic")
}

/// The round that a thread has come to. It orders nothing, and is written and read by read-modify-writes, which see
/// the newest value. So it catches a `wait` that returns too early, but not one that does not make another
/// thread's writes visible. A [`Slot`] catches that.
struct Came(AtomicUsize);

impl Came {
    fn named(name: &str) -> Self {
        Self(AtomicUsize::named(name, 0))
    }

    #[track_caller]
    fn to(&self, round: usize) {
        self.0.swap(round, Relaxed);
    }

    #[track_caller]
    fn has_come_to(&self, round: usize) -> bool {
        self.0.fetch_add(0, Relaxed) >= round
    }
}
