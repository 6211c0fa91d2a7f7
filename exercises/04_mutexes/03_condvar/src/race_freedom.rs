//! Every interleaving of a few small programs. IDs such as CO-01 name behaviours of Go's `sync.Cond`.
//!
//! The mutex is the facade's here: to lock it is one step.

use crate::sync::thread;
use crate::sync::time::{Clock, Duration};
use crate::{Condvar, Mutex, MutexGuard};
use harness::testing::{
    Slot, both, first_interleaving, most_woken, must_sleep, notifications, spawn, staged_panic,
    staged_panic_of,
};

const SECOND: Duration = Duration::from_secs(1);

/// Main waits for mail, and the other thread leaves some and notifies: main wakes up, asleep or not yet.
/// Catches the lost wakeup: main sees no mail and unlocks; the other one leaves the mail and notifies; main
/// falls asleep.
#[test]
fn a_notification_reaches_a_wait_that_has_begun() {
    // CO-01, CO-02
    harness::model(|| {
        let (mail, arrived) = (Mutex::new(false), Condvar::new());
        thread::scope(|s| {
            spawn(s, "sender", || {
                *mail.lock() = true;
                arrived.notify_one();
            });
            let mut mail = mail.lock();
            while !*mail {
                arrived.wait(&mut mail);
            }
        });
    });
}

/// Main waits for mail by `wait_while`, and the other thread calls `notify_all` while it still has the lock: main
/// wakes up, and has the lock again when it returns. Catches a wait that comes back without the lock, or never
/// gives it away.
#[test]
fn a_notification_with_the_lock_held_reaches_it_too() {
    // CO-01
    harness::model(|| {
        let (mail, arrived) = (Mutex::new(false), Condvar::new());
        let slot = Slot::empty("slot");
        thread::scope(|s| {
            spawn(s, "sender", || {
                let mut mail = mail.lock();
                slot.write(slot.read() + 1);
                *mail = true;
                arrived.notify_all();
                slot.write(slot.read() + 1);
            });
            let mut mail = mail.lock();
            arrived.wait_while(&mut mail, |mail| !*mail);
            assert_eq!(slot.read(), 2);
        });
    });
}

/// The mail is there before main looks, and another wants to take it: `wait_while` returns at once, and main
/// has the lock all the time. Catches a `wait_while` that unlocks or waits before it looks.
#[test]
fn wait_while_does_not_wait_for_what_is_there() {
    harness::model(|| {
        let (mail, arrived) = (Mutex::new(true), Condvar::new());
        let mut guard = mail.lock();
        thread::scope(|s| {
            spawn(s, "taker", || *mail.lock() = false);
            arrived.wait_while(&mut guard, |mail| !*mail);
            drop(guard);
        });
    });
}

/// A program that must not end: nobody notifies once the wait has begun, so it sleeps for ever. Catches a wait
/// that remembers what was notified before, one that spins, and one that unlocks and locks again at once.
#[test]
fn wait_sleeps_until_a_notification_to_come() {
    // CO-05
    must_sleep("`wait`", "nobody has notified since it began", || {
        let (mutex, condvar) = (Mutex::new(()), Condvar::new());
        condvar.notify_one();
        condvar.notify_all();
        condvar.wait(&mut mutex.lock());
    });
}

/// A program that must not end: a wait was notified, and what comes after it is not, beside another thread that
/// sleeps.
#[test]
fn wait_sleeps_again_after_a_notification() {
    // CO-05
    must_sleep("`wait`", "nobody has notified since it began", || {
        let (mail, arrived) = (Mutex::new(false), Condvar::new());
        thread::scope(|s| {
            spawn(s, "sender", || {
                *mail.lock() = true;
                arrived.notify_all();
                // Without the panics, a return would be a deadlock, too: the other one sleeps.
                arrived.wait_while(&mut mail.lock(), |mail| *mail);
                panic!("`wait_while` returned, and its condition was true");
            });
            arrived.wait_while(&mut mail.lock(), |mail| !*mail);
            arrived.wait_while(&mut mail.lock(), |mail| *mail);
            panic!("`wait_while` returned, and its condition was true");
        });
    });
}

/// Main and another wait for a door, and `opener` opens it and calls `notify_all`: both wake up, though another
/// thread calls `notify_one` at the same time. Catches a `notify_all` that wakes one, and one that is given up because
/// another notification came in between: the other one wakes one. The first shows without a forced switch of
/// threads, the second with one.
#[test]
fn notify_all_wakes_everybody() {
    // CO-07
    for another_notifies in [false, true] {
        harness::Model::new().loose_bound(1).check(move || {
            let (open, opened) = (Mutex::new(false), Condvar::new());
            let pass = || opened.wait_while(&mut open.lock(), |open| !*open);
            thread::scope(|s| {
                spawn(s, "waiter", pass);
                spawn(s, "opener", || {
                    *open.lock() = true;
                    opened.notify_all();
                });
                if another_notifies {
                    spawn(s, "other", || opened.notify_one());
                }
                pass();
            });
        });
    }
}

/// Two threads wait for a letter each, and main leaves two, with a `notify_one` for each: the two wake both
/// threads, whether they wait with a deadline or without, and each wakes one. Catches two notifications that
/// are spent on one thread, and one that wakes two: each of them is worth one letter.
#[test]
fn two_notifications_wake_two() {
    // CO-04
    for one_has_a_deadline in [false, true] {
        harness::Model::new().preemption_bound(2).check(move || {
            let (letters, arrived, clock) = (Mutex::new(0), Condvar::new(), Clock::manual());
            let take = |has_deadline: bool| {
                let mut letters = letters.lock();
                while *letters == 0 {
                    if has_deadline {
                        let _ = arrived.wait_until(&mut letters, &clock, clock.now() + SECOND);
                    } else {
                        arrived.wait(&mut letters);
                    }
                }
                *letters -= 1;
            };
            thread::scope(|s| {
                spawn(s, "waiter 1", || take(false));
                spawn(s, "waiter 2", || take(one_has_a_deadline));
                for _ in 0..2 {
                    *letters.lock() += 1;
                    arrived.notify_one();
                }
            });
            let woken = most_woken();
            assert!(
                woken <= 1,
                "a `notify_one` has woken {woken} threads at once"
            );
            let asked = notifications();
            assert!(
                asked <= 2,
                "two calls of `notify_one` have asked for {asked} wakeups, and each is to wake one thread"
            );
        });
    }
}

/// Two threads wait, and two others each leave a letter and notify, at the same time: both letters are taken. Catches
/// a notification that is given up because another came in between. It shows with one forced switch of threads.
#[test]
fn two_who_notify_at_once_wake_two() {
    // CO-04
    harness::Model::new().loose_bound(1).check(|| {
        let (letters, arrived) = (Mutex::new(0), Condvar::new());
        let take = || {
            let mut letters = letters.lock();
            arrived.wait_while(&mut letters, |letters| *letters == 0);
            *letters -= 1;
        };
        let send = || {
            *letters.lock() += 1;
            arrived.notify_one();
        };
        thread::scope(|s| {
            spawn(s, "waiter", take);
            spawn(s, "sender 1", send);
            spawn(s, "sender 2", send);
            take();
        });
    });
}

/// Main waits for two letters: `sender` notifies after each, and `other` at the same time, for no reason. What one of them
/// has announced the other does not take back, so main wakes up. Catches a number that
/// is loaded and stored in two steps: the store of one takes back what the other has counted, and main falls asleep on
/// a number that it has seen before. It shows with three forced switches of threads.
#[test]
fn two_who_notify_at_once_take_back_nothing() {
    // CO-01
    harness::Model::new().loose_bound(3).check(|| {
        let (letters, arrived) = (Mutex::new(0), Condvar::new());
        thread::scope(|s| {
            spawn(s, "other", || arrived.notify_one());
            spawn(s, "sender", || {
                for _ in 0..2 {
                    *letters.lock() += 1;
                    arrived.notify_one();
                }
            });
            arrived.wait_while(&mut letters.lock(), |letters| *letters < 2);
        });
    });
}

/// `first` waits when main calls `notify_all`, and another begins to wait during the call: `first` wakes up all the
/// same. Catches one wakeup for each thread that was counted, of which the newcomer takes one. It shows with two
/// forced switches of threads.
#[test]
fn a_newcomer_takes_no_wakeup_of_notify_all() {
    // CO-07
    harness::Model::new().preemption_bound(2).check(|| {
        let (doors, opened) = (Mutex::new(0), Condvar::new());
        let pass = |door: u32| opened.wait_while(&mut doors.lock(), |open| *open < door);
        thread::scope(|s| {
            let first = spawn(s, "first", || pass(1));
            spawn(s, "newcomer", || pass(2));
            *doors.lock() = 1;
            opened.notify_all();
            first.join().expect("it only waits");
            *doors.lock() = 2;
            opened.notify_all();
        });
    });
}

/// Main waits when `notifier` calls `notify_one`, and `newcomer` begins to wait during the call: one of the two is
/// woken, does not sleep again, and tells the other. Catches a wait that sleeps on if the number is the one that it
/// has seen: the newcomer has seen the new one, takes the wakeup, and main waits on. With a deadline that never
/// comes, and without one. It shows with one forced switch of threads.
#[test]
fn a_newcomer_that_takes_the_wakeup_of_notify_one_wakes_up() {
    // CO-08
    for has_deadline in [false, true] {
        harness::Model::new().preemption_bound(1).check(move || {
            let (woken, changed, clock) = (Mutex::new(false), Condvar::new(), Clock::manual());
            let deadline = clock.now() + SECOND;
            let wait = |mut woken: MutexGuard<'_, bool>| {
                if !*woken && has_deadline {
                    let _ = changed.wait_until(&mut woken, &clock, deadline);
                } else if !*woken {
                    changed.wait(&mut woken);
                }
                *woken = true;
                drop(woken);
                changed.notify_all();
            };
            let guard = woken.lock();
            thread::scope(|s| {
                spawn(s, "newcomer", || wait(woken.lock()));
                spawn(s, "notifier", || {
                    drop(woken.lock());
                    changed.notify_one();
                });
                wait(guard);
            });
        });
    }
}

/// Two threads wait for their turns, one after the other, and notify each other: each wakes up when its turn
/// comes. Catches a wait that takes away what is owed to one that began before: the other one notifies main,
/// and waits itself before main has fallen asleep. Each waits for the other in turn.
#[test]
fn a_newer_wait_takes_nothing_from_an_older_one() {
    // CO-08
    harness::model(|| {
        let (turn, changed) = (Mutex::new(0), Condvar::new());
        let play = |mine: u32| {
            let mut turn = turn.lock();
            changed.wait_while(&mut turn, |turn| *turn != mine);
            *turn += 1;
            drop(turn);
            changed.notify_all();
        };
        both(
            || play(1),
            || {
                play(0);
                play(2);
            },
        );
        assert_eq!(turn.into_inner(), 3);
    });
}

/// Main waits for mail and wakes up for no reason: `wait_while` looks again, and waits on. Catches `if` in
/// place of `while`: main has a spurious wakeup, one or two, before there is mail, or is notified 300 times in vain.
/// And the condition is not asked twice for each.
#[test]
fn a_spurious_wakeup_does_not_end_wait_while() {
    // CO-03
    for n in 1..=2 {
        harness::Model::new().spurious_wakeups(n).check(|| {
            let (mail, arrived) = (Mutex::new(false), Condvar::new());
            thread::scope(|s| {
                spawn(s, "sender", || {
                    // The waiter may get the lock in between, and there is no mail.
                    drop(mail.lock());
                    *mail.lock() = true;
                    arrived.notify_one();
                });
                let mut mail = mail.lock();
                arrived.wait_while(&mut mail, |mail| !*mail);
                assert!(*mail, "`wait_while` returned, and its condition was true");
            });
        });
    }
    // More often than anybody would wait again before giving up, and than a byte can count.
    const IN_VAIN: u32 = 300;
    first_interleaving("woken in vain, and once more", || {
        let (looks, arrived) = (Mutex::new(0), Condvar::new());
        let notifies = || {
            let mut notified = 0;
            while *looks.lock() <= IN_VAIN {
                arrived.notify_one();
                notified += 1;
                thread::yield_now();
            }
            notified
        };
        let waits = || {
            let mut looks = looks.lock();
            arrived.wait_while(&mut looks, |looks| {
                *looks += 1;
                *looks <= IN_VAIN
            });
            let seen = std::mem::replace(&mut *looks, IN_VAIN + 1);
            assert!(
                seen > IN_VAIN,
                "`wait_while` returned after {seen} looks, and its condition was true"
            );
            seen
        };
        let (seen, notified) = both(waits, notifies);
        assert!(
            seen < 2 * notified,
            "`wait_while` has called its condition {seen} times, and {notified} notifications were made: once before the first wait and once after each are enough"
        );
        panic!("woken in vain, and once more");
    });
}

/// Nobody notifies, and the clock comes to the deadline: `wait_until` returns, and says `true`. Catches a
/// deadline that does not end the wait, and an answer that does not say so.
#[test]
fn a_deadline_ends_the_wait() {
    harness::model(|| {
        let (mutex, condvar, clock) = (Mutex::new(()), Condvar::new(), Clock::manual());
        let deadline = clock.now() + SECOND;
        both(
            || {
                let mut guard = mutex.lock();
                while !condvar.wait_until(&mut guard, &clock, deadline) {}
                assert!(clock.now() >= deadline, "the deadline was not reached");
            },
            || clock.advance(SECOND),
        );
    });
}

/// A program that must not end: half a second is not a second.
#[test]
fn wait_until_sleeps_before_the_deadline() {
    must_sleep("`wait_until`", "the deadline was not reached", || {
        let (mutex, condvar, clock) = (Mutex::new(()), Condvar::new(), Clock::manual());
        let deadline = clock.now() + SECOND;
        clock.advance(SECOND / 2);
        let _ = condvar.wait_until(&mut mutex.lock(), &clock, deadline);
    });
}

/// A program that has to end in a deadlock in some interleaving: the deadline is over before the call, and the
/// other thread gets the lock during it all the same.
#[test]
fn wait_until_unlocks_even_if_the_deadline_is_over() {
    let because = "the mutex stayed locked: a loop that waits so would keep everybody out";
    must_sleep("`wait_until`", because, || {
        let (mutex, condvar, clock) = (Mutex::new(false), Condvar::new(), Clock::manual());
        let mut guard = mutex.lock();
        thread::scope(|s| {
            spawn(s, "other", || *mutex.lock() = true);
            let _ = condvar.wait_until(&mut guard, &clock, clock.now());
            if *guard {
                condvar.wait_while(&mut guard, |_| true);
            }
            drop(guard);
        });
    });
}

/// Main waits with a deadline that is not reached, and the other thread notifies: main wakes up. Catches a
/// lost wakeup of a wait with a deadline: time stands still, so only the notification can end it.
#[test]
fn a_notification_reaches_a_wait_with_a_deadline() {
    // CO-01
    harness::model(|| {
        let (mail, arrived, clock) = (Mutex::new(false), Condvar::new(), Clock::manual());
        let deadline = clock.now() + SECOND;
        both(
            || {
                let mut mail = mail.lock();
                while !*mail {
                    let reached = arrived.wait_until(&mut mail, &clock, deadline);
                    assert!(
                        !reached,
                        "`wait_until` returned true, and no time had passed"
                    );
                }
            },
            || {
                *mail.lock() = true;
                arrived.notify_one();
            },
        );
    });
}

/// The deadline is reached before the wait begins, and the other thread notifies at any moment: the answer is `true`
/// either way. Catches a notification that hides the deadline.
#[test]
fn a_notification_hides_no_deadline() {
    harness::model(|| {
        let (mutex, condvar, clock) = (Mutex::new(()), Condvar::new(), Clock::manual());
        both(
            || {
                let reached = condvar.wait_until(&mut mutex.lock(), &clock, clock.now());
                assert!(
                    reached,
                    "`wait_until` returned false, and the deadline was reached before the call"
                );
            },
            || condvar.notify_one(),
        );
    });
}

/// One of two waits has ended by its deadline, and then main notifies once: it is for the other. Catches a
/// wait that has ended by its deadline, and that a notification is still spent on: the other one waits on.
/// Two forced switches.
#[test]
fn a_wait_whose_deadline_has_come_takes_no_notification() {
    // CO-08
    harness::Model::new().preemption_bound(2).check(|| {
        let (mail, arrived, clock) = (Mutex::new(false), Condvar::new(), Clock::manual());
        let deadline = clock.now() + SECOND;
        thread::scope(|s| {
            let hasty = spawn(s, "hasty", || {
                let mut mail = mail.lock();
                while !arrived.wait_until(&mut mail, &clock, deadline) {}
            });
            spawn(s, "patient", || {
                arrived.wait_while(&mut mail.lock(), |mail| !*mail)
            });
            clock.advance(SECOND);
            hasty.join().expect("it only waits");
            *mail.lock() = true;
            arrived.notify_one();
        });
    });
}

/// Nobody waits, and somebody notifies: the operating system is not called. Catches a notification that asks
/// the operating system to wake somebody, though nobody waits: nobody ever has, or all who did have gone,
/// whether they slept or not, by a deadline or by a panic of the condition, before a wait or after it. One
/// begins to wait as another ends: neither is counted twice. And who asks a condition does not wait yet.
#[test]
fn a_notification_without_waiters_wakes_nobody() {
    let notify = |condvar: &Condvar, why: &str| {
        let before = notifications();
        condvar.notify_one();
        condvar.notify_all();
        assert_eq!(notifications() - before, 0, "wakeups asked for, and {why}");
    };
    for panics_at_the_end in [false, true] {
        harness::model(move || {
            let (mail, arrived) = (Mutex::new(false), Condvar::new());
            notify(&arrived, "nobody waited");
            both(
                || {
                    let panics = staged_panic_of(|| {
                        arrived.wait_while(&mut mail.lock(), |mail| {
                            if *mail && panics_at_the_end {
                                staged_panic("condition");
                            }
                            !*mail
                        });
                    });
                    assert_eq!(panics, panics_at_the_end.then_some("condition"));
                },
                || {
                    *mail.lock() = true;
                    arrived.notify_one();
                },
            );
            notify(&arrived, "everybody who had waited was gone");
        });
    }
    harness::model(move || {
        let (mail, arrived, clock) = (Mutex::new(false), Condvar::new(), Clock::manual());
        let wait = || {
            let is_late = arrived.wait_until(&mut mail.lock(), &clock, clock.now());
            assert!(is_late, "the deadline was reached before the call");
        };
        both(wait, wait);
        notify(&arrived, "the deadlines of both who had waited were over");
    });
    harness::model(move || {
        let (mail, arrived) = (Mutex::new(()), Condvar::new());
        arrived.wait_while(&mut mail.lock(), |()| {
            notify(&arrived, "`wait_while` was asking its condition");
            false
        });
    });
}

/// One notification: the condition is asked before the wait and after it, and no more.
#[test]
fn the_condition_is_asked_once_for_each_wait() {
    harness::model(|| {
        let (mail, arrived) = (Mutex::new(false), Condvar::new());
        let mut asked = 0;
        both(
            || {
                arrived.wait_while(&mut mail.lock(), |mail| {
                    asked += 1;
                    !*mail
                });
            },
            || {
                *mail.lock() = true;
                arrived.notify_one();
            },
        );
        assert!(
            asked <= 2,
            "`wait_while` has called its condition {asked} times in one wait: once before it and once after it is enough"
        );
    });
}
