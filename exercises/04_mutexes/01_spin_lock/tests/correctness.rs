//! What the docs promise, on real threads. Few rounds: what the threads do at once is the models' business,
//! in `src/race_freedom.rs`, and a lock that hands over in turn may need a time slice for each.

use harness::assert_bounds;
use harness::testing::{let_others_run, must_end, staged_panic, staged_panic_of, while_unwinding};
use spin_lock::{SpinLock, SpinLockGuard};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

const IN_LOCK: &str = "a thread is still in `lock`";

#[test]
fn the_guard_reads_and_writes_the_data() {
    let lock = SpinLock::new(String::from("one"));
    {
        let mut data = lock.lock();
        assert_eq!(data.as_str(), "one");
        data.push_str(", two");
        assert_eq!(data.as_str(), "one, two");
    }
    assert_eq!(lock.lock().as_str(), "one, two");
    assert_eq!(lock.into_inner(), "one, two");
}

#[test]
fn try_lock_says_whether_the_lock_is_free() {
    // MU-02
    let lock = SpinLock::new(7);
    let guard = lock.lock();
    for attempt in 1..=1000 {
        assert!(
            lock.try_lock().is_none(),
            "attempt {attempt} beside a guard of `lock`"
        );
    }
    assert_eq!(*guard, 7);
    drop(guard);
    let guard = lock.try_lock().expect("the lock is free");
    assert!(lock.try_lock().is_none(), "beside a guard of `try_lock`");
    drop(guard);
    assert_eq!(
        lock.try_lock().as_deref(),
        Some(&7),
        "the lock is free again"
    );
}

/// More rounds, and more refusals, than a counter of 16 bits has values.
#[test]
fn a_free_lock_is_never_refused() {
    // MU-02
    let lock = SpinLock::new(0);
    for round in 0..70_000 {
        let mut data = lock
            .try_lock()
            .unwrap_or_else(|| panic!("refused in round {round}"));
        *data += 1;
        assert!(
            lock.try_lock().is_none(),
            "beside a guard, in round {round}"
        );
    }
    assert_eq!(lock.into_inner(), 70_000);
}

#[test]
fn each_lock_is_a_lock_of_its_own() {
    must_end(IN_LOCK, || {
        let (one, other) = (SpinLock::new(1), SpinLock::new(2));
        let first = one.lock();
        let second = other.lock();
        assert_eq!((*first, *second), (1, 2));
        drop(first);
        assert!(one.try_lock().is_some() && other.try_lock().is_none());
    });
}

#[test]
fn no_update_is_lost() {
    // MU-01, MU-05
    must_end(IN_LOCK, || {
        const THREADS: usize = 4;
        const ROUNDS: usize = 50;
        // Two numbers that are equal whenever nobody is in the middle of a change.
        let lock = SpinLock::new((0, 0));
        thread::scope(|s| {
            for _ in 0..THREADS {
                s.spawn(|| {
                    for _ in 0..ROUNDS {
                        let mut data = lock.lock();
                        assert_eq!(data.0, data.1, "a holder sees another in the middle");
                        data.0 += 1;
                        data.1 += 1;
                    }
                });
            }
        });
        assert_eq!(lock.into_inner(), (THREADS * ROUNDS, THREADS * ROUNDS));
    });
}

/// A holder takes its time: `lock` waits until the guard is dropped, however long that takes. Catches a wait with an end,
/// which a model is too short for.
#[test]
fn a_waiter_never_gives_up() {
    // MU-01
    must_end(IN_LOCK, || {
        let (lock, unlocks) = (SpinLock::new(0), AtomicBool::new(false));
        let guard = lock.lock();
        thread::scope(|s| {
            let waiter = s.spawn(|| {
                let _guard = lock.lock();
                unlocks.load(Relaxed)
            });
            for _ in 0..20 {
                let_others_run();
            }
            unlocks.store(true, Relaxed);
            drop(guard);
            let unlocked = waiter.join().expect("`lock` waits and does not panic");
            assert!(unlocked, "`lock` returned while another guard was alive");
        });
    });
}

/// A panic of the holder unlocks, and a destructor locks while its thread unwinds, as any other code does.
#[test]
fn a_panic_unlocks_and_poisons_nothing() {
    // differs from MU-09
    must_end(IN_LOCK, || {
        let lock = SpinLock::new(0);
        for round in 1..=3 {
            let panicked = staged_panic_of(|| {
                let mut data = lock.lock();
                *data = round;
                staged_panic("the holder's");
            });
            assert_eq!(panicked, Some("the holder's"));
            assert_eq!(
                *lock.lock(),
                round,
                "what the holder wrote before its panic"
            );
            assert!(
                lock.try_lock().is_some(),
                "`try_lock` refuses a free lock after panic {round}"
            );
        }
        while_unwinding(|| {
            let guard = lock.lock();
            let second = lock.try_lock().is_some();
            assert!(!second, "a thread that unwinds has two guards of one lock");
            drop(guard);
            let free = lock.try_lock().is_some();
            assert!(
                free,
                "the lock is free, and a thread that unwinds is refused"
            );
        });
        let mut guard = lock.lock();
        thread::scope(|s| {
            s.spawn(|| {
                let data = while_unwinding(|| *lock.lock());
                assert_eq!(data, 4, "`lock` of a thread that unwinds did not wait");
            });
            let_others_run();
            *guard = 4;
            drop(guard);
        });
    });
}

/// `get_mut` and `into_inner` need no guard: they do not look at the flag, and do not wait for a guard that was
/// forgotten.
#[test]
fn the_owner_needs_no_guard() {
    must_end("a thread is still in `get_mut` or `into_inner`", || {
        let mut lock = SpinLock::new(vec![1]);
        lock.get_mut().push(2);
        std::mem::forget(lock.lock());
        lock.get_mut().push(3);
        assert_eq!(lock.into_inner(), [1, 2, 3]);
    });
}

#[test]
fn any_value_can_be_locked() {
    #[repr(align(256))]
    struct Aligned(u32);

    let nothing = SpinLock::new(());
    let guard = nothing.lock();
    assert!(
        nothing.try_lock().is_none(),
        "`()` has no bytes, and is locked as well"
    );
    drop(guard);
    let local = SpinLock::new(Rc::new(Cell::new(1)));
    local.lock().set(2);
    assert_eq!(local.into_inner().get(), 2);
    let aligned = SpinLock::new(Aligned(1));
    aligned.lock().0 += 1;
    assert_eq!(aligned.into_inner().0, 2);
    // A lock that has been used can be moved like any other.
    let mut two = [1, 2].map(SpinLock::new);
    two.iter().for_each(|lock| *lock.lock() += 10);
    two.rotate_left(1);
    assert_eq!(two.map(|lock| *lock.lock()), [12, 11]);
}

/// The bounds of the section "Threads" in the docs.
#[test]
fn send_and_sync_follow_from_the_value() {
    drop(SpinLock::new(0).lock());
    assert_bounds!(SpinLock<u32>: Send + Sync);
    // One thread at a time reaches the data: it need not be `Sync`.
    assert_bounds!(SpinLock<Cell<u32>>: Send + Sync);
    assert_bounds!(SpinLock<Rc<u32>>: !Send + !Sync);
    assert_bounds!(SpinLock<MutexGuard<'static, u32>>: !Send + !Sync);
    // A guard is like a `&mut T`.
    assert_bounds!(SpinLockGuard<'static, u32>: Send + Sync);
    // Two threads with a `&SpinLockGuard<Cell<u32>>` would have a `&Cell<u32>` each.
    assert_bounds!(SpinLockGuard<'static, Cell<u32>>: Send + !Sync);
    assert_bounds!(SpinLockGuard<'static, Rc<u32>>: !Send + !Sync);
    assert_bounds!(SpinLockGuard<'static, MutexGuard<'static, u32>>: !Send + Sync);
}

/// A guard that is forgotten is never dropped, and so the lock stays taken: it is the guard that unlocks, not the end of the
/// block, nor the owner's look at the data.
#[test]
fn a_guard_that_is_forgotten_keeps_the_lock() {
    must_end("a thread is still in `get_mut` or `into_inner`", || {
        let mut lock = SpinLock::new(7);
        std::mem::forget(lock.lock());
        assert!(lock.try_lock().is_none(), "the guard was not dropped");
        *lock.get_mut() += 1;
        assert!(
            lock.try_lock().is_none(),
            "the guard was forgotten, and `get_mut` has unlocked"
        );
        assert_eq!(lock.into_inner(), 8);
    });
}
