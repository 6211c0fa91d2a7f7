//! What a mutex does, on real threads. IDs such as MU-02 name behaviours of Go's `sync.Mutex`.
//!
//! `src/race_freedom.rs` checks in every interleaving whether a `lock` sleeps and is woken, and whether what
//! was done under the lock is there for the next.

use harness::assert_bounds;
use harness::sync::real::thread;
use harness::testing::{
    let_others_run, must_end, must_sleep_soon_on_threads, staged_panic, staged_panic_of,
    while_unwinding,
};
use mutex::{Mutex, MutexGuard};
use std::cell::{Cell, RefCell};
use std::marker::PhantomPinned;
use std::mem;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Where a thread hangs, if a test does.
const IN_LOCK: &str = "a thread is still in `lock`";

const FREE: &str = "`try_lock` returned None, and there was no guard";

#[test]
fn a_guard_lends_the_value() {
    let mutex = Mutex::new(String::from("a"));
    mutex.lock().push('b');
    assert_eq!(*mutex.lock(), "ab");
    *mutex.lock() = String::from("c");
    assert_eq!(mutex.into_inner(), "c");
}

#[test]
fn try_lock_returns_none_while_there_is_a_guard() {
    // MU-02
    let mutex = Mutex::new(1);
    let guard = mutex.try_lock().expect(FREE);
    for _ in 0..3 {
        assert!(mutex.try_lock().is_none(), "there was a guard");
    }
    drop(guard);
    let guard = mutex.lock();
    assert!(mutex.try_lock().is_none(), "there was a guard");
    drop(guard);
    *mutex.try_lock().expect(FREE) += 1;
    assert_eq!(*mutex.try_lock().expect(FREE), 2);
}

#[test]
fn two_mutexes_know_nothing_of_each_other() {
    let (a, b) = (Mutex::new(1), Mutex::new(2));
    let (mut a, mut b) = (a.lock(), b.try_lock().expect(FREE));
    mem::swap(&mut *a, &mut *b);
    assert_eq!((*a, *b), (2, 1));
}

/// `get_mut` and `into_inner` do not lock: they return though a guard was leaked.
#[test]
fn get_mut_lends_the_value_without_locking() {
    must_end("a thread is still in `get_mut` or `into_inner`", || {
        let mut mutex = Mutex::new(1);
        *mutex.get_mut() += 1;
        assert_eq!(*mutex.lock(), 2);
        // A guard that is leaked never unlocks. Who owns the mutex need not care.
        mem::forget(mutex.lock());
        assert!(mutex.try_lock().is_none(), "the guard was leaked");
        *mutex.get_mut() += 1;
        assert!(mutex.try_lock().is_none(), "the guard was leaked");
        assert_eq!(mutex.into_inner(), 3);
    });
}

/// Any value will do: one without a size, one that must not move, one of no bytes, one that is no `Send`, one that stands at
/// multiples of 256 bytes only.
#[test]
fn any_value_will_do() {
    #[repr(align(256))]
    struct Aligned(u32);

    let slice: &Mutex<[u8]> = &Mutex::new([1, 2, 3]);
    slice.lock()[1] = 5;
    assert_eq!(*slice.lock(), [1, 5, 3]);

    let mut calls = 0;
    let function: Box<Mutex<dyn FnMut() + '_>> = Box::new(Mutex::new(|| calls += 1));
    (function.lock())();
    (function.try_lock().expect(FREE))();
    drop(function);
    assert_eq!(calls, 2);

    let mut slice: Box<Mutex<[u8]>> = Box::new(Mutex::new([1, 2]));
    slice.get_mut()[0] = 7;
    assert_eq!(*slice.lock(), [7, 2]);

    // A mutex that has been locked can be moved like any other.
    let mut two = [1, 2].map(Mutex::new);
    two.iter().for_each(|mutex| *mutex.lock() += 10);
    two.rotate_left(1);
    assert_eq!(two.map(|mutex| *mutex.lock()), [12, 11]);

    let aligned = Mutex::new(Aligned(1));
    aligned.lock().0 += 1;
    assert_eq!(aligned.into_inner().0, 2);
    drop(Mutex::new(PhantomPinned).lock());
    drop(Mutex::new(()).lock());
    drop(Mutex::new(Rc::new(1)).lock());
}

#[test]
fn it_may_be_shared_if_the_value_may_be_sent() {
    drop(Mutex::new(1).lock());
    // MU-07: a guard unlocks on the thread that locked. Go lets any goroutine unlock.
    assert_bounds!(Mutex<u32>: Send + Sync);
    assert_bounds!(Mutex<Cell<u32>>: Send + Sync);
    assert_bounds!(Mutex<Rc<u32>>: !Send + !Sync);
    assert_bounds!(Mutex<MutexGuard<'static, u32>>: !Send + !Sync);
    assert_bounds!(MutexGuard<'static, u32>: !Send + Sync);
    assert_bounds!(MutexGuard<'static, RefCell<u32>>: !Send + !Sync);
    assert_bounds!(MutexGuard<'static, Rc<u32>>: !Send + !Sync);
}

#[test]
fn a_mutex_is_small() {
    drop(Mutex::new(1).lock());
    fn extra<T>() -> usize {
        size_of::<Mutex<T>>() - size_of::<T>()
    }
    for (of, extra) in [("u64", extra::<u64>()), ("[u64; 9]", extra::<[u64; 9]>())] {
        assert!(
            extra <= 8,
            "a mutex of a {of} takes {extra} bytes more than that, but the docs promise at most 8"
        );
    }
}

#[test]
fn nothing_is_poisoned() {
    // MU-09
    must_end(IN_LOCK, || {
        let mutex = Mutex::new(vec![1]);
        for n in 2..=4 {
            let panics = staged_panic_of(|| {
                let mut list = mutex.lock();
                list.push(n);
                staged_panic("under the lock");
            });
            assert_eq!(panics, Some("under the lock"));
            assert_eq!(mutex.lock().last(), Some(&n));
            assert!(mutex.try_lock().is_some(), "{FREE}");
        }
        assert_eq!(mutex.into_inner(), [1, 2, 3, 4]);
    });
}

#[test]
fn unlocked_unlocks_for_as_long_as_its_function_runs() {
    must_end(IN_LOCK, || {
        let mutex = Mutex::new(1);
        let mut guard = mutex.lock();
        let returned = MutexGuard::unlocked(&mut guard, || {
            *mutex.lock() += 1;
            *mutex.try_lock().expect(FREE) += 1;
            "back"
        });
        assert_eq!((returned, *guard), ("back", 3));
        assert!(mutex.try_lock().is_none(), "`unlocked` has returned");
        *guard += 1;
        drop(guard);
        assert_eq!(*mutex.try_lock().expect(FREE), 4);
    });
}

/// The function of `unlocked` panics, or does not, though another panic is unwinding: the mutex is locked again,
/// once, and the panic of the function goes on.
#[test]
fn unlocked_has_locked_again_when_its_function_panics() {
    must_end(IN_LOCK, || {
        let mutex = Mutex::new(1);
        let mut guard = mutex.lock();
        let panics = staged_panic_of(|| {
            MutexGuard::unlocked(&mut guard, || {
                *mutex.lock() += 1;
                staged_panic("unlocked")
            })
        });
        assert_eq!(panics, Some("unlocked"));
        assert!(
            mutex.try_lock().is_none(),
            "`unlocked` was left by a panic, and the guard is still there"
        );
        while_unwinding(|| {
            MutexGuard::unlocked(&mut guard, || *mutex.try_lock().expect(FREE) += 1)
        });
        assert!(
            mutex.try_lock().is_none(),
            "`unlocked` has returned while a panic was unwinding, and the guard is still there"
        );
        assert_eq!(*guard, 3);
        drop(guard);
        assert!(mutex.try_lock().is_some(), "{FREE}");
    });
}

/// A thread waits in `lock` while there is a guard: it sleeps, after a few hundred looks at most, and so it does if its call
/// comes while it unwinds.
#[test]
fn a_thread_that_waits_sleeps() {
    // MU-08
    let waits = || {
        let mutex = Mutex::new(());
        let _guard = mutex.lock();
        let _second = mutex.lock();
    };
    must_sleep_soon_on_threads("`lock`", "there was a guard", waits);
    let call = "`lock` in a destructor, while its thread unwinds,";
    must_sleep_soon_on_threads(call, "there was a guard", move || while_unwinding(waits));
}

#[test]
fn no_addition_is_lost() {
    // MU-01: Go's HammerMutex. Every third lock is a `try_lock`, if that succeeds.
    must_end(IN_LOCK, || {
        const THREADS: usize = 8;
        const LOCKS: usize = 2_000;
        let mutex = Mutex::new(0);
        let refused = AtomicUsize::new(0);
        thread::scope(|s| {
            for _ in 0..THREADS {
                s.spawn(|| {
                    for turn in 0..LOCKS {
                        let guard = if turn % 3 == 0 {
                            mutex.try_lock()
                        } else {
                            Some(mutex.lock())
                        };
                        match guard {
                            Some(mut count) => *count += 1,
                            None => _ = refused.fetch_add(1, Relaxed),
                        }
                    }
                });
            }
        });
        assert_eq!(mutex.into_inner() + refused.into_inner(), THREADS * LOCKS);
    });
}

/// Six threads lock 20 times each, and the holder lets the others fall asleep in each of its turns; 300 threads wait, or are
/// about to: each gets the lock, as often as it wants it.
#[test]
fn all_who_wait_get_the_lock() {
    // The second time more of them than a count of 8 bits can hold.
    for (threads, turns) in [(6, 20), (300, 1)] {
        must_end(IN_LOCK, move || {
            let mutex = Mutex::new(0);
            thread::scope(|s| {
                let guard = mutex.lock();
                for _ in 0..threads {
                    s.spawn(|| {
                        for _ in 0..turns {
                            let mut count = mutex.lock();
                            if turns > 1 {
                                let_others_run();
                            }
                            *count += 1;
                        }
                    });
                }
                let_others_run();
                drop(guard);
            });
            assert_eq!(mutex.into_inner(), threads * turns);
        });
    }
}
