//! Every interleaving of a few small programs. IDs such as WG-09 name behaviours of Go's `sync.WaitGroup`.

use crate::WaitGroup;
use crate::sync::thread;
use harness::testing::{Flag, Slot, assert_panics, both, must_sleep, panic_of, spawn};
use std::sync::{Arc, Mutex};

/// Catches a `wait` that sleeps without checking the counter, and a first round that leaves something
/// behind at which the second sleeps.
#[test]
fn wait_returns_at_once_on_zero() {
    // WG-01, WG-11
    harness::model(|| {
        let group = WaitGroup::new();
        group.wait();
        group.add(1);
        group.done();
        group.wait();
    });
}

/// A program that must not end, because one task of three is never done. Catches a `wait` that returns with
/// tasks unfinished, and one that spins: because the futex never finds the value that it is told to expect,
/// or because another waiter has registered already, or after the counter has changed.
#[test]
fn wait_sleeps_while_a_task_is_unfinished() {
    // WG-02
    must_sleep("`wait`", "the counter was never 0", || {
        let group = WaitGroup::new();
        group.add(3);
        group.done();
        thread::scope(|s| {
            // Without the panics, a return would be a deadlock, too: the other one sleeps.
            spawn(s, "second", || {
                group.done();
                group.wait();
                panic!("`wait` returned, and the counter was 1");
            });
            group.wait();
            panic!("`wait` returned, and the counter was never 0");
        });
    });
}

/// Catches a waiter that the last `done` does not know of: main checks and sees 1; the task makes it zero,
/// finds no waiter and wakes no thread; main registers and falls asleep.
#[test]
fn the_last_done_wakes_the_waiter() {
    // WG-09, WG-11
    harness::model(|| {
        let group = WaitGroup::new();
        group.add(1);
        thread::scope(|s| {
            spawn(s, "task", || group.done());
            group.wait();
        });
    });
}

/// A weak exchange may fail though the value is the expected one. Catches code that takes such a failure for a change by
/// another thread, or for success.
#[test]
fn an_exchange_that_fails_spuriously_is_tried_again() {
    harness::Model::new().spurious_failures(1).check(|| {
        let group = WaitGroup::new();
        group.add(2);
        group.done();
        thread::scope(|s| {
            spawn(s, "task", || group.done());
            group.wait();
        });
    });
}

/// A thread that is overtaken again and again goes on trying. Catches an `add` that tries only so often. In the one
/// interleaving explored, the other thread changes the counter before each exchange of main.
#[test]
fn an_add_that_is_overtaken_again_and_again_counts() {
    // More often than anybody would try again before giving up.
    const OVERTAKEN: isize = 130;
    let overtaken = harness::Model::new()
        .preemption_bound(0)
        .interrupted_exchanges(OVERTAKEN as usize);
    overtaken.check(|| {
        let group = WaitGroup::new();
        group.add(1);
        thread::scope(|s| {
            spawn(s, "other", || {
                for _ in 0..OVERTAKEN {
                    group.add(1);
                    thread::yield_now();
                }
            });
            group.add(1);
        });
        group.add(-OVERTAKEN - 1);
        group.done();
        group.wait();
    });
}

/// Catches one wakeup for several sleepers, and a second waiter that undoes the registration of the first.
/// Three threads that retry on one word have too many interleavings to try them all. Two preemptions are
/// enough for either mistake.
#[test]
fn every_waiter_wakes() {
    // WG-03
    harness::Model::new().preemption_bound(2).check(|| {
        let group = WaitGroup::new();
        group.add(1);
        thread::scope(|s| {
            spawn(s, "waiter 1", || group.wait());
            spawn(s, "waiter 2", || group.wait());
            group.done();
        });
    });
}

/// Catches a wakeup, or an order, that only `done` gives: the task counts twice, and finishes in one `add`.
#[test]
fn a_negative_add_wakes_the_waiter() {
    // WG-07, WG-08
    harness::model(|| {
        let group = WaitGroup::new();
        let slot = Slot::empty("slot");
        group.add(2);
        thread::scope(|s| {
            spawn(s, "task", || {
                slot.write(7);
                group.add(-2);
            });
            group.wait();
            assert_eq!(slot.read(), 7);
        });
    });
}

/// Catches a decrement that is lost when two come at once, so that main sleeps for ever; and a wait that
/// ends when main's own task has finished but the other has not.
#[test]
fn wait_returns_after_every_done() {
    // WG-02, WG-06
    harness::model(|| {
        let group = WaitGroup::new();
        let finished = Flag::lowered("finished");
        group.add(2);
        thread::scope(|s| {
            spawn(s, "task", || {
                finished.raise();
                group.done();
            });
            group.done();
            group.wait();
            assert!(
                finished.is_raised(),
                "`wait` returned before the task's `done`"
            );
        });
    });
}

/// Catches an `add` that loses the mark of a waiter, and a wait that ends because the counter has changed:
/// while main is asleep, the counter goes from 1 to 2, to 1 and to 0, and only the last step is for main.
#[test]
fn an_add_extends_the_wait() {
    // WG-14
    harness::model(|| {
        let group = WaitGroup::new();
        let finished = Flag::lowered("finished");
        group.add(1);
        thread::scope(|s| {
            spawn(s, "task", || {
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

/// Catches `if` in place of `while`: main has a spurious wakeup before the task has finished.
#[test]
fn a_spurious_wakeup_does_not_end_the_wait() {
    harness::Model::new().spurious_wakeups(1).check(|| {
        let group = WaitGroup::new();
        let finished = Flag::lowered("finished");
        group.add(1);
        thread::scope(|s| {
            spawn(s, "task", || {
                finished.raise();
                group.done();
            });
            group.wait();
            assert!(finished.is_raised(), "`wait` returned before `done`");
        });
    });
}

/// Catches a decrement, or a check of the counter, that orders nothing: main reads what the task wrote, and
/// must not read too early, whether the task's `done` was the last or main's own, and whether or not main
/// slept.
#[test]
fn what_a_task_wrote_is_visible_after_wait() {
    // WG-07
    harness::model(|| {
        let group = WaitGroup::new();
        let slot = Slot::empty("slot");
        group.add(2);
        thread::scope(|s| {
            spawn(s, "task", || {
                slot.write(7);
                group.done();
            });
            group.done();
            group.wait();
            assert_eq!(slot.read(), 7);
        });
    });
}

/// Main only waits, for two tasks. Catches a last `done` that releases main and does not pass on what was done before the
/// first. At most two preemptions in each interleaving, which makes 896 of them.
#[test]
fn what_both_tasks_wrote_is_visible_after_wait() {
    // WG-07
    harness::Model::new().preemption_bound(2).check(|| {
        let group = WaitGroup::new();
        let (one, two) = (Slot::empty("one"), Slot::empty("two"));
        group.add(2);
        thread::scope(|s| {
            spawn(s, "task 1", || {
                one.write(1);
                group.done();
            });
            spawn(s, "task 2", || {
                two.write(2);
                group.done();
            });
            group.wait();
            assert_eq!((one.read(), two.read()), (1, 2));
        });
    });
}

/// Catches anything left over from the first round: the second has a task of its own.
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
            spawn(s, "task", || {
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

/// Catches a `done` that still uses the word after it has released the waiter: main begins the next round
/// while the task is still on its way out of the last one.
#[test]
fn a_released_waiter_may_start_the_next_round() {
    // WG-04, WG-10
    harness::model(|| {
        let group = WaitGroup::new();
        group.add(1);
        thread::scope(|s| {
            spawn(s, "task", || group.done());
            group.wait();
            group.add(1);
            group.done();
            group.wait();
        });
    });
}

/// Catches a waiter that is left behind: before main has run, the task begins and ends a second round. Main
/// may return for either zero, but it must return. Go would panic here, in some interleavings.
#[test]
fn a_waiter_overtaken_by_the_next_round_still_returns() {
    // WG-12, WG-13
    harness::model(|| {
        let group = WaitGroup::new();
        group.add(1);
        thread::scope(|s| {
            spawn(s, "task", || {
                group.done();
                group.add(1);
                group.done();
            });
            group.wait();
        });
    });
}

/// Catches a wakeup of the first round that releases a waiter of the second: a permit that was meant for
/// main and that the starter takes, or a round that task 1 ends in two steps, with the second round begun
/// between them. Main is asleep by then, and interrupting task 1 once is enough. So the model explores one
/// preemption, which is about 2,200 interleavings of the reference.
#[test]
fn what_is_left_of_a_round_does_not_end_the_next() {
    // WG-12, WG-13
    harness::Model::new().preemption_bound(1).check(|| {
        let group = WaitGroup::new();
        let finished = Flag::lowered("finished");
        group.add(1);
        thread::scope(|s| {
            spawn(s, "task 1", || group.done());
            spawn(s, "starter", || {
                group.wait();
                group.add(1);
                spawn(s, "task 2", || {
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

/// Catches a load and a store where one step is needed: of two simultaneous `add`s, one is lost, and the
/// second `done` finds zero.
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

/// Catches a `done` that subtracts first and takes it back when that was one too many: main sees a counter
/// that is not zero, and falls asleep with nobody left to wake it.
#[test]
fn a_refused_done_does_not_show_in_a_wait() {
    // WG-01, WG-05
    harness::model(|| {
        let group = WaitGroup::new();
        thread::scope(|s| {
            spawn(s, "refused", || {
                assert_panics("wait_group: negative counter", || group.done());
            });
            group.wait();
        });
    });
}

/// Catches the same in `add`, which shows in a `done` too: main's only task is not one too many.
#[test]
fn a_refused_add_does_not_show_in_a_done() {
    // WG-05, WG-08
    harness::model(|| {
        let group = WaitGroup::new();
        group.add(1);
        thread::scope(|s| {
            spawn(s, "refused", || {
                assert_panics("wait_group: negative counter", || group.add(-2));
            });
            group.done();
            group.wait();
        });
    });
}

/// Catches an `add` that adds first and takes it back if that was too much, which main's `done` may meet; and one that
/// checks for an overflow first and adds afterwards, when the other has added as well.
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
                    panic!("`done` on a full counter panics: {message}");
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

/// Catches a mark of a waiter that takes room from the counter, or is lost when the counter is full.
#[test]
fn a_full_counter_may_have_a_waiter() {
    // WG-08, WG-14
    const MANY: isize = i32::MAX as isize;
    harness::model(|| {
        let group = WaitGroup::new();
        group.add(1);
        thread::scope(|s| {
            spawn(s, "task", || {
                group.add(MANY - 1);
                group.add(-MANY);
            });
            group.wait();
        });
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
