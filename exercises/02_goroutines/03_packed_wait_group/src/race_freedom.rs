//! Every interleaving of a few small programs. IDs such as WG-09 name behaviours of Go's `sync.WaitGroup`.

use crate::WaitGroup;
use crate::sync::thread;
use harness::testing::{
    Flag, Slot, assert_panics, both, ends_beside_a_stopped_call, has_locked, let_others_sleep,
    must_sleep, must_sleep_again, notifications, panic_of, spawn,
};
use std::sync::{Arc, Mutex};

/// Main waits at a counter of zero, in a new group and again after a round. Nobody would wake it, so it must
/// return without a sleep; and the first round must leave nothing behind at which the second `wait` sleeps.
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

/// A program that must not end, because one task of three of the second round is never done. Neither of two waits may
/// return, and neither may spin: each sleeps in the futex, with the value that the word has when it falls asleep, even if
/// the other has registered before or the counter has changed.
#[test]
fn wait_sleeps_while_a_task_is_unfinished() {
    // WG-02
    must_sleep("`wait`", "the counter was never 0", || {
        let group = WaitGroup::new();
        group.add(1);
        group.done();
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

/// A thread is stopped in the middle of a call, at each place in turn, and another makes one all the same. Catches a lock
/// that is made of an atomic.
#[test]
fn a_thread_that_is_stopped_stops_no_other() {
    type Call = (&'static str, fn(&WaitGroup));
    let calls: [Call; 3] = [
        ("`add(1)`", |group| group.add(1)),
        ("`add(-2)`", |group| group.add(-2)),
        ("`done`", WaitGroup::done),
    ];
    let of_five = || {
        let group = WaitGroup::new();
        group.add(5);
        group
    };
    for stopped in calls {
        for ends in calls {
            ends_beside_a_stopped_call(of_five, stopped, ends);
        }
    }
}

/// A round with a waiter, and then one of two tasks for which nobody waits: `add` and `done` take no lock, and in the
/// second round they wake nobody, which would be a call of the operating system each time.
#[test]
fn a_round_without_a_waiter_takes_no_lock_and_wakes_nobody() {
    harness::model(|| {
        let group = WaitGroup::new();
        let done = || {
            group.done();
            assert!(!has_locked(), "`add` or `done` took a lock");
        };
        group.add(1);
        both(done, || group.wait());
        let before = notifications();
        group.add(2);
        both(done, done);
        assert_eq!(
            notifications() - before,
            0,
            "how often a sleeping thread was asked for, though nobody waited"
        );
    });
}

/// One task, and main waits for it. Main has seen a 1 and is about to sleep when `done` makes it zero: either
/// `done` finds main registered and wakes it, or main notices that the word has changed and does not sleep.
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

/// A weak exchange may fail though the value is the expected one. That is no success, and no change by another
/// thread: the call must try again.
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

/// Another thread changes the counter before each exchange of main's `add`: once or twice, while a third one waits, and 260
/// times in a row. A call that is overtaken again and again goes on trying: there is no number of attempts after which it
/// may give up, or forget the one that waits.
#[test]
fn an_add_that_is_overtaken_again_and_again_counts() {
    // More often than anybody would try again before giving up, and than a byte can count.
    const MANY: isize = 260;
    for overtaken in [1, 2, MANY] {
        let model = harness::Model::new()
            .preemption_bound(0)
            .max_branches(20 * MANY as usize)
            // The first exchange makes the counter 1.
            .interrupted_exchanges(overtaken as usize + 1);
        model.check(move || {
            let group = WaitGroup::new();
            group.add(1);
            thread::scope(|s| {
                if overtaken < MANY {
                    spawn(s, "waiter", || group.wait());
                    let_others_sleep(2);
                }
                let other = spawn(s, "other", || {
                    for _ in 0..overtaken {
                        group.add(1);
                        thread::yield_now();
                    }
                });
                group.add(1);
                other.join().expect("`add` does not panic");
                group.add(-overtaken - 1);
                group.done();
            });
        });
    }
}

/// Two threads wait, and main's `done` makes the counter zero. Both must wake: one wakeup is not enough for two
/// sleepers, and the second to register must not undo the registration of the first.
///
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

/// The task counts twice, and finishes in one `add(-2)`. That is a way to zero like `done`: it must wake main, and
/// what the task wrote before must be visible when main's `wait` returns.
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
            assert_eq!(slot.read(), 7, "what the task wrote before `add(-2)`");
        });
    });
}

/// Two tasks, main's own and another's, may be done at the same moment. Both must count, or main sleeps for ever;
/// and `wait` must not return when main's own task has finished and the other has not.
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

/// While main sleeps, or is about to, the counter goes from 1 to 2 and to 0, from 2 to 1 and to 0, or from 1 by `add(0)` to
/// 1 and to 0. Only the zero ends the wait. The first step wakes nobody, and must keep the mark that says that main waits,
/// or the last one wakes nobody either.
#[test]
fn an_add_extends_the_wait() {
    // WG-14
    for (begun, first, last) in [(1, 1, -2), (2, -1, -1), (1, 0, -1)] {
        harness::model(move || {
            let group = WaitGroup::new();
            let finished = Flag::lowered("finished");
            group.add(begun);
            thread::scope(|s| {
                spawn(s, "task", || {
                    let before = notifications();
                    group.add(first);
                    let asked = notifications() - before;
                    assert!(
                        asked == 0,
                        "`add({first})` called the operating system to wake a thread, though a task is left"
                    );
                    finished.raise();
                    group.add(last);
                });
                group.wait();
                assert!(
                    finished.is_raised(),
                    "`wait` returned before the task's last `add`, which makes the counter 0"
                );
            });
        });
    }
}

/// Main wakes up for no reason, up to three times, before the task has finished. A wakeup alone is no zero: each time
/// main must look at the counter again, and go on sleeping.
#[test]
fn a_spurious_wakeup_does_not_end_the_wait() {
    harness::Model::new().spurious_wakeups(3).check(|| {
        let group = WaitGroup::new();
        let finished = Flag::lowered("finished");
        group.add(1);
        thread::scope(|s| {
            spawn(s, "task", || {
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

/// The task writes and is done; main is done with its own task, waits, and reads. It must see what the task
/// wrote, whichever `done` was the last and whether or not main slept: each `done` must release, and every way
/// out of `wait` must acquire.
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
            assert_eq!(slot.read(), 7, "what the task wrote before its `done`");
        });
    });
}

/// Two tasks write, one ends with `add(-2)` and the other with `done`, and main only waits. It must see what both wrote,
/// that of the first to end as well: each way down must release, and not only the step that makes the counter zero.
#[test]
fn what_both_tasks_wrote_is_visible_after_wait() {
    // WG-07
    harness::Model::new().preemption_bound(2).check(|| {
        let group = WaitGroup::new();
        let (one, two) = (Slot::empty("one"), Slot::empty("two"));
        group.add(3);
        thread::scope(|s| {
            spawn(s, "task 1", || {
                one.write(1);
                group.add(-2);
            });
            spawn(s, "task 2", || {
                two.write(2);
                group.done();
            });
            group.wait();
            assert_eq!(
                (one.read(), two.read()),
                (1, 2),
                "what task 1 wrote before its `add(-2)`, and task 2 before its `done`"
            );
        });
    });
}

/// A round has ended, and the second has a task of its own. Nothing that is left of the first round may end the
/// second `wait` before that task is done.
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

/// `done` makes the counter zero, and main returns and begins the next round, while `done` is still on its way
/// out. What `done` does to the word after that zero, it does to the counter of the next round.
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

/// Main waits, and before it has run again the task begins and ends a second round. Main may return for either
/// zero, but it must return: if it sleeps on in the second round, the last `done` of that round has to know.
///
/// Go would panic here, in some interleavings.
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

/// Task 1 ends a round, the starter begins the next at once and waits for task 2, and main is perhaps still on its
/// way out of the first. The starter must not return before task 2 is done: a wakeup of the first round is no
/// zero of the second, and a round that ends in two steps may find the second begun between them.
///
/// Main is asleep by then, and interrupting task 1 once is enough. So the model explores one preemption.
#[test]
fn what_is_left_of_a_round_does_not_end_the_next() {
    // WG-12, WG-13
    harness::Model::new().loose_bound(1).check(|| {
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

/// Two threads add one task each, at the same time. Both must count: what is loaded, added to and stored, in two
/// steps, overwrites the other's `add`, and the second `done` finds zero.
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

/// A `done` too many is refused while main waits at zero. The counter must not change, even for a moment: main
/// could see the change, and fall asleep with nobody left to wake it.
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

/// There is one task; `add(-2)` is refused while main is done with it. The refused call must not change the
/// counter, even for a moment: main's only task is not one too many. And of `done`s of two threads that are one too many
/// together, exactly one is refused: to check and to count down must be one step.
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

/// The counter is full, main is done with a task, and two threads add one each: there is room for one of them. And again:
/// there is room for two, main adds one, and the other thread adds one twice. An `add` must check and add in one step: if
/// it adds first and takes it back, main's `done` may meet that; if it checks first and adds later, others may have added
/// as well, once or twice.
#[test]
fn a_full_counter_takes_no_more_from_either_of_two() {
    // WG-08
    fn adds_one(group: &WaitGroup) -> bool {
        match panic_of(|| group.add(1)) {
            Some(refused) => refused != "wait_group: counter overflow",
            None => true,
        }
    }
    let most = most();
    harness::model(move || {
        let group = group_of(most);
        let (main, other) = both(
            || {
                if let Some(message) = panic_of(|| group.done()) {
                    panic!("`done` on a full counter panics: {message}");
                }
                adds_one(&group)
            },
            || adds_one(&group),
        );
        assert!(
            main != other,
            "the counter was full, one task was done, and two were added: exactly one should be refused"
        );
        group.done();
    });
    harness::model(move || {
        let group = group_of(most - 2);
        let (main, other) = both(|| adds_one(&group), || [adds_one(&group), adds_one(&group)]);
        let taken = [main, other[0], other[1]]
            .into_iter()
            .filter(|taken| *taken)
            .count();
        assert!(
            taken == 2,
            "there was room for 2 tasks, and 3 were added: one should be refused, and {} were",
            3 - taken
        );
    });
}

/// Returns a group of so many tasks.
fn group_of(mut tasks: usize) -> WaitGroup {
    let group = WaitGroup::new();
    while tasks > 0 {
        let delta = tasks.min(isize::MAX.unsigned_abs());
        group.add(delta.cast_signed());
        tasks -= delta;
    }
    group
}

/// Main waits while the task adds up to `i32::MAX` and takes all in one `add`, or is refused more than the counter can hold,
/// and less than zero, before it is done. A counter must hold as many tasks with a waiter as without, and neither a full
/// counter nor a refusal may lose the waiter.
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
    harness::model(|| {
        let group = WaitGroup::new();
        group.add(1);
        thread::scope(|s| {
            spawn(s, "task", || {
                // The docs leave the limit open, so it may take some of it.
                let taken = (0..3).take_while(|_| panic_of(|| group.add(isize::MAX)).is_none());
                (0..taken.count()).for_each(|_| group.add(-isize::MAX));
                assert_panics("wait_group: negative counter", || group.add(-2));
                group.done();
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
