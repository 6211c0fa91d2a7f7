//! Models: each explores every interleaving of a few threads. `Slot` and the data itself are plain memory:
//! two accesses that the lock does not order are a data race, and end the model.

use crate::SpinLock;
use crate::sync::thread::{scope, yield_now};
use harness::protocol::Kind;
use harness::testing::{Flag, Slot, both, never_waits, spawn, staged_panic, staged_panic_of};
use harness::{Model, model};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

/// Two threads add to the data: there is one guard at a time, a thread that waits lets the others run in every
/// turn, and the second sees what the first wrote. Catches two holders at once, and a holder that does not see
/// what the last one wrote: both are data races here, even if the sum comes out right.
#[test]
fn one_holder_at_a_time() {
    // MU-01, MU-05
    model(|| {
        let lock = SpinLock::new(0);
        let add = || *lock.lock() += 1;
        both(add, add);
        assert_eq!(*lock.lock(), 2, "two threads have added 1 each");
    });
}

/// Each thread takes the lock twice. Catches an unlock that the next `lock` of the same thread hides: the
/// other has to get in between, and has to see both.
#[test]
fn the_lock_is_handed_back_and_forth() {
    // MU-01, MU-05
    model(|| {
        let lock = SpinLock::new(0);
        both(
            || {
                *lock.lock() += 1;
                *lock.lock() += 1;
            },
            || *lock.lock() += 1,
        );
        assert_eq!(lock.into_inner(), 3, "1 was added three times");
    });
}

/// Three threads try, and none waits: one that gets the lock is alone with the data, and one that is refused
/// leaves the lock as it is. Catches a lock that is right for two.
#[test]
fn three_threads_at_one_lock() {
    // MU-01
    model(|| {
        let lock = SpinLock::new(0);
        let tries = || lock.try_lock().map(|mut data| *data += 1).is_some();
        let tried = scope(|s| {
            let first = spawn(s, "first", tries);
            let second = spawn(s, "second", tries);
            let main = tries();
            [main, first.join().unwrap(), second.join().unwrap()]
        });
        let added = tried.into_iter().filter(|&succeeded| succeeded).count();
        assert!(
            added > 0,
            "the lock was free, three threads tried for it, and none got it"
        );
        assert_eq!(
            lock.into_inner(),
            added,
            "calls that got the lock and added 1"
        );
    });
}

/// What a holder wrote elsewhere comes along with the lock, not only the data inside it.
#[test]
fn an_unlock_carries_what_came_before() {
    // MU-05
    model(|| {
        let (lock, note) = (SpinLock::new(false), Slot::empty("note"));
        both(
            || {
                note.write(7);
                *lock.lock() = true;
            },
            || {
                if *lock.lock() {
                    assert_eq!(note.read(), 7);
                }
            },
        );
    });
}

/// `try_lock` in place of `lock`. Catches one that succeeds without ordering, or beside a holder.
#[test]
fn a_try_lock_that_succeeds_is_like_lock() {
    // MU-01, MU-04
    model(|| {
        let lock = SpinLock::new(0);
        let (tried, ()) = both(
            || match lock.try_lock() {
                Some(mut data) => {
                    *data += 1;
                    1
                }
                None => 0,
            },
            || *lock.lock() += 1,
        );
        assert_eq!(
            lock.into_inner(),
            tried + 1,
            "`try_lock` succeeded {tried} times"
        );
    });
}

/// The lock is held while the other thread looks at it in turn after turn: `lock` lets the holder go on in each of
/// them, and returns when the guard is dropped. Catches a `lock` that does not wait for the guard to go, be it
/// that it gives up after a while or that it was never told, and one that is patient in its first turns only.
#[test]
fn lock_waits_until_the_guard_is_dropped() {
    // MU-01
    model(|| {
        let (lock, unlocks) = (SpinLock::new(0), Flag::lowered("unlocks"));
        let mut guard = lock.lock();
        both(
            || {
                *guard += 1;
                // A thread that spins gets as many turns: the model gives one that has yielded another turn
                // only when the others cannot go on, or yield as well. More than the ten or so in which a
                // `Backoff` becomes patient: the turns after that have to let others run, too.
                for _ in 0..24 {
                    yield_now();
                }
                unlocks.raise();
                drop(guard);
            },
            || {
                let mut data = lock.lock();
                assert!(
                    unlocks.is_raised(),
                    "`lock` returned while another guard was alive"
                );
                *data += 1;
            },
        );
        assert_eq!(lock.into_inner(), 2);
    });
}

/// The lock is free whenever main looks, and another thread takes it before main does, 300 times in a row: main goes on
/// trying. Catches a `lock` that gives up after so many lost races. In the one interleaving explored, the other thread locks
/// before each exchange of main, and unlocks while main waits.
#[test]
fn a_waiter_that_is_overtaken_again_and_again_goes_on() {
    // MU-01
    // More often than a byte can count.
    const OVERTAKEN: usize = 300;
    let overtaken = Model::new()
        .preemption_bound(0)
        .max_branches(6_000)
        .interrupted_exchanges(OVERTAKEN);
    overtaken.check(|| {
        let lock = SpinLock::new(0);
        let others = || {
            for _ in 0..OVERTAKEN {
                let mut data = lock.lock();
                *data += 1;
                yield_now();
                drop(data);
                yield_now();
            }
        };
        both(|| *lock.lock() += 1, others);
        assert_eq!(lock.into_inner(), OVERTAKEN + 1);
    });
}

/// A guard goes to another thread, which drops it there: that unlocks, for a `try_lock` as for a `lock` that waits.
/// Catches a guard that counts on the thread that made it.
#[test]
fn a_guard_may_unlock_in_another_thread() {
    // MU-07
    model(|| {
        let lock = SpinLock::new(0);
        let guard = lock.lock();
        both(|| (), move || drop(guard));
        assert!(
            lock.try_lock().is_some(),
            "`try_lock` returned None: another thread than the one that locked has dropped the guard, and that has not unlocked"
        );
    });
    model(|| {
        let lock = SpinLock::new(0);
        let mut guard = lock.lock();
        *guard += 1;
        both(|| *lock.lock() += 1, move || drop(guard));
        assert_eq!(*lock.lock(), 2);
    });
}

/// A thread tries, twice, while another holds the lock all the time. Catches a refused `try_lock` that
/// unlocks after all.
#[test]
fn a_refused_try_lock_changes_nothing() {
    // MU-02
    model(|| {
        let lock = SpinLock::new(0);
        let guard = lock.lock();
        let (_guard, ()) = both(
            || {
                let mut guard = guard;
                *guard += 1;
                guard
            },
            || {
                assert!(lock.try_lock().is_none(), "`try_lock` beside a guard");
                assert!(
                    lock.try_lock().is_none(),
                    "a second `try_lock` beside the same guard"
                );
            },
        );
    });
}

/// The holder unlocks and tries again while another tries: one of the two gets the lock, and the other, if it
/// is refused, leaves nothing behind. Catches a ticket that is drawn and given up.
#[test]
fn a_refused_try_lock_is_not_noticed() {
    // MU-02, MU-03
    model(|| {
        let lock = SpinLock::new(0);
        let guard = lock.lock();
        let (again, tried) = both(
            || {
                drop(guard);
                lock.try_lock()
            },
            || lock.try_lock(),
        );
        let guards = usize::from(again.is_some()) + usize::from(tried.is_some());
        assert!(guards < 2, "two guards at once");
        assert!(
            guards == 1,
            "the lock was free, two threads tried for it, and none got it"
        );
        drop((again, tried));
        assert!(
            lock.try_lock().is_some(),
            "`try_lock` returned None, and the last guard was dropped: a refused call has left something behind"
        );
    });
}

/// Two threads try the lock at the same time: whatever the answer, the call does not sleep or yield. Catches
/// a `try_lock` that waits, on either side of the lock.
#[test]
fn try_lock_waits_for_nobody() {
    // MU-03
    model(|| {
        let lock = SpinLock::new(0);
        let tries = || {
            if let Some(mut data) = never_waits("`try_lock`", || lock.try_lock()) {
                *data += 1;
            }
        };
        both(tries, tries);
    });
}

/// Nobody else uses the lock, and a weak exchange fails for no reason: every call succeeds all the same, and the guard
/// unlocks. Catches a `try_lock` that takes the failure for a refusal, and an unlock that does not try again.
#[test]
fn a_thread_alone_gets_a_free_lock() {
    // MU-02
    Model::new().spurious_failures(2).check(|| {
        let lock = SpinLock::new(0);
        let free = lock.try_lock().is_some();
        assert!(free, "`try_lock` returned None, and there was no guard");
        *lock.lock() += 1;
        assert_eq!(
            lock.try_lock().as_deref(),
            Some(&1),
            "`try_lock` after `lock` and unlock"
        );
    });
}

/// One thread waits in `lock` while the holder panics. Catches a guard that does not unlock then: the other
/// waits for ever.
#[test]
fn a_panic_unlocks() {
    // differs from MU-09: the guard unlocks.
    model(|| {
        let lock = SpinLock::new(0);
        both(
            || *lock.lock() += 1,
            || {
                let panicked = staged_panic_of(|| {
                    let mut data = lock.lock();
                    *data += 1;
                    staged_panic("the holder's");
                });
                assert_eq!(panicked, Some("the holder's"));
            },
        );
        let guard = lock.try_lock();
        let data = guard.expect(
            "`try_lock` returned None: the guard of the holder that panicked has not unlocked",
        );
        assert_eq!(*data, 2, "two threads have added 1 each");
    });
}

/// A thread locks again while it holds the guard: two guards would be two `&mut` to the same data. Whether
/// the second call spins, sleeps or panics, it must not return.
#[test]
fn a_holder_that_locks_again_never_gets_it() {
    // MU-08
    static RETURNED: AtomicBool = AtomicBool::new(false);
    static BEGUN: AtomicUsize = AtomicUsize::new(0);
    model(|| drop(SpinLock::new(0).lock()));
    let ended = harness::explore(|| {
        let lock = SpinLock::new(0);
        let _guard = lock.lock();
        BEGUN.fetch_add(1, SeqCst);
        let _second = lock.lock();
        RETURNED.store(true, SeqCst);
    });
    assert!(BEGUN.load(SeqCst) > 0, "the first `lock` returns");
    assert!(
        !RETURNED.load(SeqCst),
        "`lock` returned to a thread that had a guard already: there are two of them"
    );
    let kind = ended.expect_err("the second `lock` does not return").kind;
    assert!(
        matches!(kind, Kind::TooManySteps | Kind::Deadlock | Kind::Panic),
        "the second `lock` should wait for ever, or panic: {kind:?}"
    );
}
