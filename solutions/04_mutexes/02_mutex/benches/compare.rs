//! Your mutex, the reference, parking_lot's and std's, and the first design that comes to mind, at the same
//! work.
//!
//! `wakes_always` has two states, 0 and 1, and so cannot know whether anybody sleeps: each unlock asks the
//! operating system to wake a thread. std's is the reference's design, with poisoning; parking_lot's state is
//! one byte, and its sleepers are in a table of their own.

use divan::{Bencher, black_box};
use harness::bench::together;
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;
use harness::sync::real::atomic::AtomicU32;
use harness::sync::real::atomic::Ordering::{Acquire, Release};
use harness::sync::real::cell::UnsafeCell;
use harness::sync::real::futex;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/mutex.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/04_mutexes/02_mutex/src/mutex.rs"]
mod yours;

harness::bench_main!("mutex.rs", || {
    let mutex = yours::Mutex::new(1);
    *mutex.lock() += 1;
    drop(mutex.try_lock());
});

/// A row for each of the types that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::yours::Mutex<u64>,
            reference = crate::reference::Mutex<u64>,
            wakes_always = crate::WakesAlways,
            std = std::sync::Mutex<u64>,
            parking_lot = parking_lot::Mutex<u64>,
        );
    };
}

/// One thread locks and unlocks.
mod uncontended {
    use super::*;

    fn run<M: Lock>(bencher: Bencher) {
        let mutex = M::new();
        bencher.bench_local(|| black_box(&mutex).add(1));
    }

    rows!(run(sample_size = 50_000));
}

/// Two threads, each of which locks 10,000 times for one addition.
mod two_threads {
    use super::*;

    fn run<M: Lock>(bencher: Bencher) {
        contend::<M>(bencher, 2, 10_000, 1);
    }

    rows!(run(sample_count = 15));
}

/// Eight threads, each of which locks 2,500 times for one addition: on a machine with fewer cores, the thread
/// that has the lock is often one that has no processor.
mod eight_threads {
    use super::*;

    fn run<M: Lock>(bencher: Bencher) {
        contend::<M>(bencher, 8, 2_500, 1);
    }

    rows!(run(sample_count = 15));
}

/// Eight threads, each of which locks 250 times for about a microsecond: longer than it pays to spin.
mod eight_threads_long {
    use super::*;

    fn run<M: Lock>(bencher: Bencher) {
        contend::<M>(bencher, 8, 250, 1_000);
    }

    rows!(run(sample_count = 15));
}

/// Starts threads together, and lets each lock a number of times, for a number of additions.
fn contend<M: Lock>(bencher: Bencher, threads: usize, locks: usize, additions: u64) {
    let mutex = M::new();
    bencher.bench_local(|| {
        together(threads, || (0..locks).for_each(|_| mutex.add(additions)));
    });
}

/// What all of them can do.
trait Lock: Sync + Send {
    fn new() -> Self;
    /// Locks, adds 1 this many times, and unlocks.
    fn add(&self, additions: u64);
}

macro_rules! lock {
    ($($mutex:ty, $lock:expr;)*) => {$(
        impl Lock for $mutex {
            fn new() -> Self {
                <$mutex>::new(0)
            }
            #[inline(always)]
            fn add(&self, additions: u64) {
                let mut count = $lock(self);
                for _ in 0..additions {
                    *count = black_box(*count + 1);
                }
            }
        }
    )*};
}

lock! {
    yours::Mutex<u64>, yours::Mutex::lock;
    reference::Mutex<u64>, reference::Mutex::lock;
    parking_lot::Mutex<u64>, parking_lot::Mutex::lock;
    std::sync::Mutex<u64>, std_lock;
}

fn std_lock(mutex: &std::sync::Mutex<u64>) -> std::sync::MutexGuard<'_, u64> {
    mutex.lock().expect("no panic poisons it")
}

/// The first design that comes to mind: two states, and a wakeup in each unlock.
struct WakesAlways {
    locked: AtomicU32,
    count: UnsafeCell<u64>,
}

// SAFETY: `add` accesses the count only while it has the lock.
unsafe impl Sync for WakesAlways {}

impl Lock for WakesAlways {
    fn new() -> Self {
        Self {
            locked: AtomicU32::new(0),
            count: UnsafeCell::new(0),
        }
    }

    #[inline(always)]
    fn add(&self, additions: u64) {
        while self.locked.swap(1, Acquire) == 1 {
            futex::wait(&self.locked, 1);
        }
        for _ in 0..additions {
            // SAFETY: this thread has changed `locked` from 0 to 1, so it is the only one here.
            self.count
                .with_mut(|count| unsafe { *count = black_box(*count + 1) });
        }
        self.locked.store(0, Release);
        futex::wake_one(&self.locked);
    }
}
