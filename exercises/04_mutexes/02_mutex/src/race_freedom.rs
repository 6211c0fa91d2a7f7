//! Every interleaving of a few small programs. IDs such as MU-05 name behaviours of Go's `sync.Mutex`.

use crate::sync::thread;
use crate::{Mutex, MutexGuard};
use harness::testing::{
    Flag, Slot, both, let_others_sleep, most_woken, must_sleep, must_sleep_again, never_waits,
    notifications, spawn, staged_panic, staged_panic_of, yields,
};

/// Two threads lock and count: they take turns, one that waits sleeps until the other unlocks, and the second
/// sees what the first wrote. Catches two threads inside at once, and an unlock and a lock that order nothing: each reads what the other wrote. Nobody may
/// spin: a thread that spins in a model lets the others go on, and hardly ever gets to sleep, so that these
/// tests would see little of it. The README says how to spin on the machine alone.
#[test]
fn one_at_a_time_and_each_sees_the_last() {
    // MU-01, MU-05
    harness::model(|| {
        let count = Mutex::new(0);
        let slot = Slot::empty("slot");
        let add = || {
            let mut count = count.lock();
            slot.write(slot.read() + 1);
            *count += 1;
        };
        both(add, add);
        assert_eq!((*count.lock(), slot.read()), (2, 2));
        assert_eq!(
            yields(),
            0,
            "in a model, a thread has spun or yielded in `lock`"
        );
    });
}

/// One thread locks twice, the other once: each wait ends when the other unlocks. Catches the lost wakeup:
/// main holds the lock while the other finds it locked, and unlocks before the other sleeps. And again: the
/// second unlock has to wake as the first did.
#[test]
fn an_unlock_wakes_the_waiter() {
    harness::model(|| {
        let mutex = Mutex::new(0);
        let add_twice = || {
            *mutex.lock() += 1;
            *mutex.lock() += 1;
        };
        both(add_twice, || *mutex.lock() += 1);
        assert_eq!(mutex.into_inner(), 3);
    });
}

/// Two threads wait for main's guard: both get the lock in the end. Catches a waiter that is forgotten: two
/// sleep, the unlock wakes one, and when that one unlocks, the other has to be woken. Three threads that
/// retry on one word have too many interleavings to try them all. The mistake shows with two preemptions,
/// which is the bound here.
#[test]
fn every_waiter_is_woken() {
    // MU-15
    harness::Model::new().loose_bound(2).check(|| {
        let mutex = Mutex::new(0);
        let guard = mutex.lock();
        thread::scope(|s| {
            spawn(s, "waiter 1", || *mutex.lock() += 1);
            spawn(s, "waiter 2", || *mutex.lock() += 1);
            drop(guard);
        });
        assert_eq!(mutex.into_inner(), 2);
    });
}

/// A program that must not end: the mutex is not re-entrant. Catches a second guard, and a `lock` that spins
/// for ever in place of sleeping.
#[test]
fn lock_sleeps_while_there_is_a_guard() {
    // MU-08
    must_sleep("`lock`", "there was a guard", || {
        let mutex = Mutex::new(());
        let _guard = mutex.lock();
        let _second = mutex.lock();
    });
}

/// A program that must not end: two threads wait for one guard, and the second of them finds the mark of the first.
#[test]
fn a_second_waiter_sleeps_too() {
    must_sleep("`lock`", "there was a guard", || {
        let mutex = Mutex::new(());
        let _guard = mutex.lock();
        thread::scope(|s| {
            spawn(s, "waiter", || {
                let _second = mutex.lock();
                panic!("`lock` returned, and there was a guard");
            });
            let _third = mutex.lock();
            panic!("`lock` returned, and there was a guard");
        });
    });
}

/// A thread that waits for the lock wakes up for no reason, up to three times: it goes on only when the lock is its
/// own. Catches a waiter that takes any wakeup for the lock, or the second or third, or spins from then on. After a spurious one the other
/// thread takes a step before the waiter goes on, and the step must not be the unlock: the flag and the yields are for
/// that.
#[test]
fn a_spurious_wakeup_is_no_lock() {
    harness::Model::new().spurious_wakeups(1).check(|| {
        let mutex = Mutex::new(());
        let step = Flag::lowered("step");
        let slot = Slot::empty("slot");
        let add = || {
            step.raise();
            let _guard = mutex.lock();
            step.raise();
            slot.write(slot.read() + 1);
        };
        both(add, add);
        assert_eq!(slot.read(), 2);
    });
    harness::Model::new().spurious_wakeups(3).check(|| {
        let (mutex, slot) = (Mutex::new(()), Slot::empty("slot"));
        thread::scope(|s| {
            let guard = mutex.lock();
            spawn(s, "other", || {
                let _guard = mutex.lock();
                assert_eq!(slot.read(), 1, "`lock` returned, and there was a guard");
            });
            let_others_sleep(3);
            slot.write(1);
            drop(guard);
        });
    });
    must_sleep_again("`lock`", |steps| {
        let mutex = Mutex::new(());
        thread::scope(|s| {
            let guard = mutex.lock();
            spawn(s, "other", || drop(mutex.lock()));
            steps();
            drop(guard);
        });
    });
}

/// Nobody else uses the mutex, and a weak exchange fails for no reason: `lock` and `try_lock` succeed all the
/// same, and nobody is woken. Catches a `lock` or a `try_lock` that takes the spurious failure of a weak
/// exchange for a locked mutex.
#[test]
fn a_spurious_failure_is_no_guard() {
    // MU-02
    harness::Model::new().spurious_failures(1).check(|| {
        let mutex = Mutex::new(1);
        *mutex.lock() += 1;
        let guard = mutex.try_lock();
        let mut guard = guard.expect("`try_lock` returned None, and there was no guard");
        *guard += 1;
        drop(guard);
        assert_eq!(
            notifications(),
            0,
            "wakeups asked for, and no thread had waited"
        );
    });
}

/// Main has the lock, tries it again in vain, and unlocks: the other thread, which may wait by then, gets the
/// lock. Catches a refused `try_lock` that changes the word: the mark of a waiter is lost, or the lock
/// itself.
#[test]
fn a_refused_try_lock_changes_nothing() {
    // MU-02
    harness::model(|| {
        let mutex = Mutex::new(0);
        let mut guard = mutex.lock();
        thread::scope(|s| {
            spawn(s, "waiter", || *mutex.lock() += 1);
            let tried = never_waits("`try_lock`", || mutex.try_lock());
            assert!(tried.is_none(), "there was a guard");
            *guard += 1;
            drop(guard);
        });
        assert_eq!(mutex.into_inner(), 2);
    });
}

/// Main unlocks while another waits, and tries the lock at once. If it is refused, the other has a guard by then, and
/// goes before main's next `lock`. Catches a `try_lock` that lets those who wait go first, though the mutex is unlocked, and
/// one that finds it unlocked and then waits for whoever comes first.
#[test]
fn nothing_but_a_guard_refuses_a_try_lock() {
    // MU-02
    harness::model(|| {
        let mutex = Mutex::new(());
        let was_inside = Flag::lowered("was inside");
        let guard = mutex.lock();
        thread::scope(|s| {
            spawn(s, "waiter", || {
                let _guard = mutex.lock();
                was_inside.raise();
            });
            drop(guard);
            if never_waits("`try_lock`", || mutex.try_lock()).is_none() {
                let _guard = mutex.lock();
                assert!(
                    was_inside.is_raised(),
                    "`try_lock` returned None, and there was no guard: the next `lock` had it before the thread that waits"
                );
            }
        });
    });
}

/// Main tries the lock while two threads lock: if it succeeds, that is a lock like any other, and if not, it
/// changes nothing, though the mutex was unlocked a moment before. Catches a `try_lock` that succeeds and
/// orders nothing, and one that wipes out the mark of a thread that waits. At most two preemptions.
#[test]
fn a_try_lock_that_succeeds_is_a_lock() {
    // MU-04
    harness::Model::new().loose_bound(2).check(|| {
        let mutex = Mutex::new(0);
        let slot = Slot::empty("slot");
        let add = || {
            let _guard = mutex.lock();
            slot.write(slot.read() + 1);
        };
        thread::scope(|s| {
            spawn(s, "one", add);
            spawn(s, "another", add);
            if let Some(_guard) = mutex.try_lock() {
                slot.write(slot.read() + 1);
            }
        });
        assert!(
            mutex.try_lock().is_some(),
            "`try_lock` returned None, and there was no guard"
        );
    });
}

/// A thread panics with the lock: the guard unlocks, and main, which may wait for it, gets the lock. Catches
/// a guard that a panic does not drop, and a waiter that is not told then: nothing is poisoned, and what was
/// written before the panic is there.
#[test]
fn a_panic_unlocks() {
    // MU-09
    harness::model(|| {
        let mutex = Mutex::new(0);
        thread::scope(|s| {
            spawn(s, "panics", || {
                let panics = staged_panic_of(|| {
                    let mut count = mutex.lock();
                    *count += 1;
                    staged_panic("under the lock");
                });
                assert_eq!(panics, Some("under the lock"));
            });
            *mutex.lock() += 1;
        });
        assert_eq!(*mutex.lock(), 2);
    });
}

/// In `unlocked`, main waits for a thread that needs the lock: it gets the lock, and sees what main did under
/// it. Catches an `unlocked` that keeps the lock, does not wake, or unlocks Relaxed.
#[test]
fn unlocked_lets_another_in() {
    harness::model(|| {
        let mutex = Mutex::new(0);
        let mut guard = mutex.lock();
        thread::scope(|s| {
            let other = spawn(s, "other", || *mutex.lock() += 1);
            *guard += 1;
            MutexGuard::unlocked(&mut guard, || other.join().expect("it only adds"));
            assert_eq!(*guard, 2);
        });
    });
}

/// The closure of `unlocked` panics while another thread wants the lock: main has it again, and the two take
/// turns. Catches an `unlocked` that returns, or unwinds, without the lock: two are inside afterwards.
#[test]
fn unlocked_locks_again() {
    harness::model(|| {
        let mutex = Mutex::new(0);
        let slot = Slot::empty("slot");
        let inside = Flag::lowered("inside");
        let mut guard = mutex.lock();
        thread::scope(|s| {
            spawn(s, "other", || {
                let mut count = mutex.lock();
                inside.raise();
                slot.write(slot.read() + 1);
                *count += 1;
            });
            let panics = staged_panic_of(|| {
                MutexGuard::unlocked(&mut guard, || staged_panic("unlocked"));
            });
            assert_eq!(panics, Some("unlocked"));
            if inside.is_raised() {
                assert_eq!((*guard, slot.read()), (1, 1));
            }
            slot.write(slot.read() + 1);
            drop(guard);
        });
        assert_eq!(slot.read(), 2);
    });
}

/// A thread locks and unlocks, by a panic too, and nobody waits: the operating system is not called. Catches an
/// unlock that asks the operating system to wake somebody, though nobody can be asleep: nobody has ever been,
/// or everybody has had the lock since, or the only other call was a refused `try_lock`. The first unlock after a
/// wait may still ask once.
#[test]
fn an_unlock_without_waiters_wakes_nobody() {
    // MU-15
    harness::model(|| {
        let mutex = Mutex::new(0);
        let guard = mutex.lock();
        assert!(mutex.try_lock().is_none(), "there was a guard");
        drop(guard);
        drop(mutex.try_lock());
        MutexGuard::unlocked(&mut mutex.lock(), || ());
        assert_eq!(
            notifications(),
            0,
            "wakeups asked for, and no thread had waited"
        );

        both(|| *mutex.lock() += 1, || *mutex.lock() += 1);
        *mutex.lock() += 1;
        let before = notifications();
        *mutex.lock() += 1;
        assert_eq!(
            notifications() - before,
            0,
            "wakeups asked for, and everybody who had waited was gone"
        );
    });
    harness::model(|| {
        let mutex = Mutex::new(0);
        let panics = staged_panic_of(|| {
            let _guard = mutex.lock();
            staged_panic("under the lock");
        });
        assert_eq!(panics, Some("under the lock"));
        assert_eq!(
            notifications(),
            0,
            "wakeups asked for by a panic, and no thread had waited"
        );
    });
}

/// A program that must not end: the closure of `unlocked` locks for good, and panics. The panic has to wait for the lock,
/// asleep. Catches a mutex that is locked again by spinning, or not at all.
#[test]
fn a_panic_of_unlocked_waits_for_the_lock_asleep() {
    must_sleep("`unlocked`", "another guard existed", || {
        let lock = Mutex::new(0);
        let mut guard = lock.lock();
        let panics = staged_panic_of(|| {
            MutexGuard::unlocked(&mut guard, || {
                std::mem::forget(lock.lock());
                staged_panic("the closure's")
            })
        });
        panic!("`unlocked` passed on the panic {panics:?}, and another guard existed");
    });
}

/// Two threads sleep in `lock` when main unlocks, by `unlocked` and by dropping the guard: an unlock wakes one
/// at most. The other would be brought to a processor only to find the mutex locked. It shows without a
/// preemption; at most one.
#[test]
fn an_unlock_wakes_one() {
    harness::Model::new().loose_bound(1).check(|| {
        let mutex = Mutex::new(());
        thread::scope(|scope| {
            let mut guard = mutex.lock();
            spawn(scope, "one", || drop(mutex.lock()));
            spawn(scope, "another", || drop(mutex.lock()));
            let_others_sleep(2);
            MutexGuard::unlocked(&mut guard, || ());
        });
        let woken = most_woken();
        assert!(woken <= 1, "an unlock has woken {woken} threads at once");
        let asked = notifications();
        assert!(asked <= 4, "in 4 unlocks, {asked} wakeups were asked for");
    });
}
