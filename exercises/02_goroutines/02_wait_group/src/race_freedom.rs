//! Every interleaving of a few small programs. IDs such as WG-03 name behaviours of Go's `sync.WaitGroup`.

use crate::WaitGroup;
use crate::sync::thread;
use harness::Model;
use harness::testing::{
    Flag, Slot, assert_panics, both, first_interleaving, let_others_sleep, must_sleep,
    must_sleep_again, panic_of, spawn,
};
use std::sync::{Arc, Mutex};

/// The counter is zero, and no other thread is there to wake main: `wait` returns, before the first task and after
/// the last. Catches a `wait` that sleeps before it checks the counter.
#[test]
fn wait_returns_at_once_on_zero() {
    // WG-01
    harness::model(|| {
        let group = WaitGroup::new();
        group.wait();
        group.add(1);
        group.done();
        group.wait();
    });
}

/// A program that must not end, because one task of the second round is never done. Neither of two waits may return, and
/// neither may spin, even if it does so only while the other sleeps, or only when a round is over.
#[test]
fn wait_sleeps_while_a_task_is_unfinished() {
    // WG-02
    must_sleep("`wait`", "the counter was 1", || {
        let group = WaitGroup::new();
        group.add(1);
        group.done();
        group.add(2);
        group.done();
        let wait = || {
            group.wait();
            // Without this, a return would be a deadlock, too: the other one sleeps.
            panic!("`wait` returned, and the counter was 1");
        };
        thread::scope(|s| {
            spawn(s, "second", wait);
            wait();
        });
    });
}

/// Main waits while the worker's only task ends: main returns, whether it slept by then or not. Catches the lost
/// wakeup: main checks and sees 1, the worker counts down and notifies no thread, main falls asleep.
#[test]
fn the_last_done_wakes_the_waiter() {
    // WG-02
    harness::model(|| {
        let group = WaitGroup::new();
        group.add(1);
        thread::scope(|s| {
            spawn(s, "worker", || group.done());
            group.wait();
        });
    });
}

/// A weak exchange may fail though the value is the expected one. Catches code that takes such a failure for a change by
/// another thread, or for success.
#[test]
fn an_exchange_that_fails_spuriously_is_tried_again() {
    Model::new().spurious_failures(1).check(|| {
        let group = WaitGroup::new();
        group.add(1);
        thread::scope(|s| {
            spawn(s, "worker", || group.done());
            group.wait();
        });
    });
}

/// Two threads wait when main's task ends, and both return. Catches one notification for several sleepers.
#[test]
fn every_waiter_wakes() {
    // WG-03
    harness::model(|| {
        let group = WaitGroup::new();
        group.add(1);
        thread::scope(|s| {
            spawn(s, "waiter 1", || group.wait());
            spawn(s, "waiter 2", || group.wait());
            group.done();
        });
    });
}

/// The worker finishes two tasks in one `add`, which ends the wait like a `done`. Catches a wakeup that only `done`
/// gives.
#[test]
fn a_negative_add_wakes_the_waiter() {
    // WG-08
    harness::model(|| {
        let group = WaitGroup::new();
        group.add(2);
        thread::scope(|s| {
            spawn(s, "worker", || group.add(-2));
            group.wait();
        });
    });
}

/// Main and the worker finish a task each, at the same time: both `done`s count, and main's `wait` returns after both.
/// Catches a decrement that is lost, so that main sleeps for ever; and a wait that ends when main's own task has finished
/// but the worker's has not.
#[test]
fn wait_returns_after_every_done() {
    // WG-02, WG-06
    harness::model(|| {
        let group = WaitGroup::new();
        let finished = Flag::lowered("finished");
        group.add(2);
        thread::scope(|s| {
            spawn(s, "worker", || {
                finished.raise();
                group.done();
            });
            group.done();
            group.wait();
            assert!(
                finished.is_raised(),
                "`wait` returned before the worker's `done`"
            );
        });
    });
}

/// The worker's first `done` comes when it has added a task, which may be after main fell asleep: main waits for
/// both. Catches a wait for only those tasks that existed when it began.
#[test]
fn an_add_extends_the_wait() {
    // WG-14
    harness::model(|| {
        let group = WaitGroup::new();
        let finished = Flag::lowered("finished");
        group.add(1);
        thread::scope(|s| {
            spawn(s, "worker", || {
                group.add(1);
                group.done();
                finished.raise();
                group.done();
            });
            group.wait();
            assert!(
                finished.is_raised(),
                "`wait` returned before the last `done`"
            );
        });
    });
}

/// Main may wake up though nobody has woken it, up to three times before the worker has finished: it sleeps again.
/// Catches `if` in place of `while`, once or several times.
#[test]
fn a_spurious_wakeup_does_not_end_the_wait() {
    Model::new().spurious_wakeups(3).check(|| {
        let group = WaitGroup::new();
        let finished = Flag::lowered("finished");
        group.add(1);
        thread::scope(|s| {
            spawn(s, "worker", || {
                let_others_sleep(3);
                finished.raise();
                group.done();
            });
            group.wait();
            assert!(finished.is_raised(), "`wait` returned before `done`");
        });
    });
    must_sleep_again("`wait`", |steps| {
        let group = WaitGroup::new();
        group.add(1);
        let work = || {
            steps();
            group.done();
        };
        both(|| group.wait(), work);
    });
}

/// Main reads what the worker wrote before its `done`, whether that was the last `done` or main's own, and whether
/// or not main slept. Catches a decrement, or a check of the counter, that orders nothing.
#[test]
fn what_a_task_wrote_is_visible_after_wait() {
    // WG-07
    harness::model(|| {
        let group = WaitGroup::new();
        let slot = Slot::empty("slot");
        group.add(2);
        thread::scope(|s| {
            spawn(s, "worker", || {
                slot.write(7);
                group.done();
            });
            group.done();
            group.wait();
            assert_eq!(slot.read(), 7);
        });
    });
}

/// Main only waits, and sees what both workers wrote, though only the last of `add(-2)` and `done` releases it. Catches a
/// count-down that orders nothing if tasks are left, and a last one that does not pass on what was done before the first.
#[test]
fn what_both_workers_wrote_is_visible_after_wait() {
    // WG-07
    Model::new().preemption_bound(2).check(|| {
        let group = WaitGroup::new();
        let (one, two) = (Slot::empty("one"), Slot::empty("two"));
        group.add(3);
        thread::scope(|s| {
            spawn(s, "worker 1", || {
                one.write(1);
                group.add(-2);
            });
            spawn(s, "worker 2", || {
                two.write(2);
                group.done();
            });
            group.wait();
            assert_eq!((one.read(), two.read()), (1, 2));
        });
    });
}

/// A round is over, and the next one has a task of its own: its `wait` returns after that. Catches anything left
/// over from the first round, such as a flag that says "released" for ever.
#[test]
fn the_next_round_is_waited_for_too() {
    // WG-04
    harness::model(|| {
        let group = WaitGroup::new();
        group.add(1);
        group.done();
        group.wait();

        let finished = Flag::lowered("finished");
        group.add(1);
        thread::scope(|s| {
            spawn(s, "worker", || {
                finished.raise();
                group.done();
            });
            group.wait();
            assert!(
                finished.is_raised(),
                "the second round's `wait` returned before its `done`"
            );
        });
    });
}

/// Main waits, and begins a second round while worker 1 may still be in the first: the second `wait` is for worker 2.
/// Catches a `done` that still uses the group after it has released the waiter, such as to say that the round is over.
#[test]
fn a_released_waiter_may_start_the_next_round() {
    // WG-04, WG-10
    harness::model(|| {
        let group = WaitGroup::new();
        let finished = Flag::lowered("finished");
        group.add(1);
        thread::scope(|s| {
            spawn(s, "worker 1", || group.done());
            group.wait();
            group.add(1);
            spawn(s, "worker 2", || {
                finished.raise();
                group.done();
            });
            group.wait();
            assert!(
                finished.is_raised(),
                "the second round's `wait` returned before its `done`"
            );
        });
    });
}

/// Before main has run, the worker ends main's round, and begins and ends another. Main may return for either zero, but
/// if it sleeps again after the first, the second must wake it. Catches a waiter that is left behind.
#[test]
fn a_waiter_overtaken_by_the_next_round_still_returns() {
    // WG-13
    harness::model(|| {
        let group = WaitGroup::new();
        group.add(1);
        thread::scope(|s| {
            spawn(s, "worker", || {
                group.done();
                group.add(1);
                group.done();
            });
            group.wait();
        });
    });
}

/// Before main has run, the worker ends main's round and begins another, for which it waits itself: it returns after
/// that round's only `done`, not because main has yet to. At most one preemption in each interleaving. Catches a release
/// that is meant for the waiters of one round and taken by one of the next.
#[test]
fn a_wait_of_the_next_round_takes_nobodys_release() {
    // WG-13
    Model::new().preemption_bound(1).check(|| {
        let group = WaitGroup::new();
        let finished = Flag::lowered("finished");
        group.add(1);
        thread::scope(|s| {
            spawn(s, "worker", || {
                group.done();
                group.add(1);
                spawn(s, "late", || {
                    finished.raise();
                    group.done();
                });
                group.wait();
                assert!(
                    finished.is_raised(),
                    "the second round's `wait` returned before its `done`"
                );
            });
            group.wait();
        });
    });
}

/// The worker ends main's round, and before main runs again, it begins and ends 255 more: main still returns. Catches a
/// round that is recognised by a number of a few bits, which comes again. The first interleaving is enough, in which no
/// thread is preempted: a panic ends the exploration.
#[test]
fn a_waiter_overtaken_by_255_rounds_still_returns() {
    // WG-13
    const SEEN: &str = "main returns after all rounds";
    first_interleaving(SEEN, || {
        let group = WaitGroup::new();
        let over = Flag::lowered("over");
        group.add(1);
        thread::scope(|s| {
            spawn(s, "worker", || {
                group.done();
                for _ in 0..255 {
                    group.add(1);
                    group.done();
                }
                over.raise();
            });
            group.wait();
            assert!(!over.is_raised(), "{SEEN}");
        });
    });
}

/// Two threads add a task each at the same time, and both count. Catches a load and a store where one step is
/// needed: one `add` is lost, and the second `done` finds zero.
#[test]
fn adds_at_once_all_count() {
    // WG-08
    harness::model(|| {
        let group = WaitGroup::new();
        thread::scope(|s| {
            let other = spawn(s, "other", || group.add(1));
            group.add(1);
            other.join().expect("`add` does not panic");
        });
        group.done();
        group.done();
        group.wait();
    });
}

/// The worker's `add` is refused, because it would take the counter below zero, while main waits: at no moment does
/// the refused change show. Catches an `add` that changes the counter, finds that it must not, and changes it back:
/// a waiter may take that for a zero, or miss the zero.
#[test]
fn a_refused_add_ends_no_wait() {
    // WG-05
    harness::model(|| {
        let group = WaitGroup::new();
        let finished = Flag::lowered("finished");
        group.add(1);
        thread::scope(|s| {
            spawn(s, "worker", || {
                assert_panics("wait_group: negative counter", || group.add(-2));
                finished.raise();
                group.done();
            });
            group.wait();
            assert!(finished.is_raised(), "`wait` returned before `done`");
        });
    });
}

/// A refused `add` beside a `done`, which must not find the counter at zero or below; and two threads whose `done`s are one
/// too many together: exactly one of them is refused. Catches a check that is one step, and a count-down that is another.
#[test]
fn a_refused_add_refuses_nobody_else() {
    // WG-05
    harness::model(|| {
        let group = WaitGroup::new();
        group.add(2);
        thread::scope(|s| {
            spawn(s, "other", || {
                assert_panics("wait_group: negative counter", || group.add(-3));
            });
            group.done();
            group.done();
            group.wait();
        });
    });
    // One `done` too many, and nobody can say beforehand whose.
    for (mine, others) in [(1, 1), (2, 2), (1, 3)] {
        harness::model(move || {
            let group = WaitGroup::new();
            group.add(mine + others - 1);
            let refusals = |dones: isize| {
                let dones = (0..dones).filter_map(|_| panic_of(|| group.done()));
                dones
                    .inspect(|refusal| assert_eq!(refusal, "wait_group: negative counter"))
                    .count()
            };
            let (main, other) = both(|| refusals(mine), || refusals(others));
            assert!(
                main + other == 1,
                "the counter was {}, and two threads called `done` {} times in all: one call should be refused, and {} were",
                mine + others - 1,
                mine + others,
                main + other
            );
            group.wait();
        });
    }
}

/// The counter is full. One task is done, and two are added by two threads: exactly one of these is refused.
/// Catches an `add` that adds first and takes it back if that was too much, which main's `done` may meet; and one
/// that checks for an overflow first and adds afterwards, when the other has added as well.
#[test]
fn a_full_counter_takes_no_more_from_either_of_two() {
    // WG-08
    let most = most();
    harness::model(move || {
        let group = WaitGroup::new();
        let mut room = most;
        while room > 0 {
            let delta = room.min(isize::MAX.unsigned_abs());
            group.add(delta.cast_signed());
            room -= delta;
        }
        let adds_one = || match panic_of(|| group.add(1)) {
            Some(refused) => refused != "wait_group: counter overflow",
            None => true,
        };
        let (main, other) = both(
            || {
                if let Some(message) = panic_of(|| group.done()) {
                    panic!(
                        "a refused `add` must change nothing, but beside one, `done` on a full counter panics: {message}"
                    );
                }
                adds_one()
            },
            adds_one,
        );
        assert!(
            main != other,
            "the counter was full, one task was done, and two were added: exactly one should be refused"
        );
        group.done();
    });
}

/// Finds the most that a counter holds, which the docs leave open, in a model of its own.
fn most() -> usize {
    let most = Arc::new(Mutex::new(0_usize));
    let found = Arc::clone(&most);
    harness::model(move || {
        let group = WaitGroup::new();
        let powers = (0..isize::BITS - 1).rev().map(|bit| 1 << bit);
        let taken = [isize::MAX]
            .into_iter()
            .chain(powers)
            .chain([1])
            .filter(|&delta| panic_of(|| group.add(delta)).is_none());
        *found.lock().unwrap() = taken.map(isize::unsigned_abs).sum();
    });
    *most.lock().unwrap()
}
