//! Your condition variable, the reference, parking_lot's and std's, each with the mutex of its kind, and a
//! design without the number of waiters, at the same work.
//!
//! `calls_always` asks the operating system to wake somebody at each notification, as std's does on Linux.
//! parking_lot's `notify_all` wakes one thread and puts the others in the mutex's queue, where they would go
//! anyway.

use divan::{Bencher, black_box};
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;
use mutex_solution::{Mutex, MutexGuard};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/condvar.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/04_mutexes/03_condvar/src/condvar.rs"]
mod yours;

harness::bench_main!("condvar.rs", || {
    let condvar = yours::Condvar::new();
    condvar.notify_one();
    condvar.notify_all();
    condvar.wait_while(&mut Mutex::new(1).lock(), |_| false);
    // A wait that is written returns: somebody notifies until it does.
    let mutex = Mutex::new(());
    thread::scope(|s| {
        let waiter = s.spawn(|| harness::bench::panics(|| condvar.wait(&mut mutex.lock())));
        while !waiter.is_finished() {
            condvar.notify_all();
            thread::yield_now();
        }
        assert!(!waiter.join().expect("it catches its panic"), "not written");
    });
});

/// A row for each of the types that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::Yours,
            reference = crate::Reference,
            calls_always = crate::CallsAlways,
            std = crate::Std,
            parking_lot = crate::ParkingLot,
        );
    };
}

/// A notification, and nobody waits.
mod nobody_waits {
    use super::*;

    fn run<C: Wait>(bencher: Bencher) {
        let condvar = C::new();
        bencher.bench_local(|| black_box(&condvar).notify_one());
    }

    rows!(run(sample_size = 10_000));
}

/// Two threads take turns, 2,000 times each.
mod two_threads {
    use super::*;

    fn run<C: Wait>(bencher: Bencher) {
        turns::<C>(bencher, 2, 2_000);
    }

    rows!(run(sample_count = 15));
}

/// Eight threads take turns, 100 times each: every one wakes all, and one of them goes on.
mod eight_threads {
    use super::*;

    fn run<C: Wait>(bencher: Bencher) {
        turns::<C>(bencher, 8, 100);
    }

    rows!(run(sample_count = 15));
}

/// Four threads put 500 numbers each on a shelf with room for four, and four take them.
mod shelf {
    use super::*;

    fn run<C: Wait>(bencher: Bencher) {
        let (filled, emptied) = (C::new(), C::new());
        bencher.bench_local(|| {
            let shelf = filled.mutex();
            thread::scope(|s| {
                for _ in 0..4 {
                    s.spawn(|| {
                        for _ in 0..500 {
                            emptied.when(shelf, |n| *n < 4, |n| *n += 1);
                            filled.notify_one();
                        }
                    });
                    s.spawn(|| {
                        for _ in 0..500 {
                            filled.when(shelf, |n| *n > 0, |n| *n -= 1);
                            emptied.notify_one();
                        }
                    });
                }
            });
        });
    }

    rows!(run(sample_count = 15));
}

/// Lets threads take turns: each waits for a number that is its own, and counts on.
fn turns<C: Wait>(bencher: Bencher, threads: u32, turns: u32) {
    let condvar = C::new();
    bencher.bench_local(|| {
        let start = Barrier::new(threads as usize);
        thread::scope(|s| {
            for me in 0..threads {
                let (condvar, start) = (&condvar, &start);
                s.spawn(move || {
                    start.wait();
                    for _ in 0..turns {
                        condvar.when(condvar.mutex(), |n| *n % threads == me, |n| *n += 1);
                        condvar.notify_all();
                    }
                });
            }
        });
    });
}

/// What all of them can do.
trait Wait: Sync + Send {
    type Mutex: Sync;
    fn new() -> Self;
    /// A mutex that the condition variable brings along.
    fn mutex(&self) -> &Self::Mutex;
    /// Locks, waits until `ready`, and does `then` under the lock.
    fn when(&self, mutex: &Self::Mutex, ready: impl Fn(&u32) -> bool, then: impl FnOnce(&mut u32));
    fn notify_one(&self);
    fn notify_all(&self);
}

macro_rules! wait {
    ($($name:ident: $mutex:ty, $condvar:ty, $lock:ident, $wait:ident;)*) => {$(
        struct $name($mutex, $condvar);

        impl Wait for $name {
            type Mutex = $mutex;
            fn new() -> Self {
                Self(<$mutex>::new(0), <$condvar>::new())
            }
            fn mutex(&self) -> &$mutex {
                &self.0
            }
            #[inline(always)]
            fn when(&self, mutex: &$mutex, ready: impl Fn(&u32) -> bool, then: impl FnOnce(&mut u32)) {
                let mut guard = $lock!(mutex);
                while !ready(&guard) {
                    $wait!(self.1, guard);
                }
                then(&mut guard);
            }
            #[inline(always)]
            fn notify_one(&self) {
                self.1.notify_one();
            }
            #[inline(always)]
            fn notify_all(&self) {
                self.1.notify_all();
            }
        }
    )*};
}

macro_rules! lock {
    ($mutex:expr) => {
        $mutex.lock()
    };
}
macro_rules! wait_in_place {
    ($condvar:expr, $guard:ident) => {
        $condvar.wait(&mut $guard)
    };
}
macro_rules! std_lock {
    ($mutex:expr) => {
        $mutex.lock().expect("no panic poisons it")
    };
}
macro_rules! std_wait {
    ($condvar:expr, $guard:ident) => {
        $guard = $condvar.wait($guard).expect("no panic poisons it")
    };
}

wait! {
    Yours: Mutex<u32>, yours::Condvar, lock, wait_in_place;
    Reference: Mutex<u32>, reference::Condvar, lock, wait_in_place;
    CallsAlways: Mutex<u32>, WithoutCount, lock, wait_in_place;
    ParkingLot: parking_lot::Mutex<u32>, parking_lot::Condvar, lock, wait_in_place;
    Std: std::sync::Mutex<u32>, std::sync::Condvar, std_lock, std_wait;
}

/// The design before the last: the sequence number alone.
struct WithoutCount(AtomicU32);

impl WithoutCount {
    fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        let seen = self.0.load(Relaxed);
        MutexGuard::unlocked(guard, || sync::futex::wait(&self.0, seen));
    }

    fn notify_one(&self) {
        self.0.fetch_add(1, Relaxed);
        sync::futex::wake_one(&self.0);
    }

    fn notify_all(&self) {
        self.0.fetch_add(1, Relaxed);
        sync::futex::wake_all(&self.0);
    }
}
