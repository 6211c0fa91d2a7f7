//! Your spin lock, the reference, the two designs that come to mind first, parking_lot's mutex and std's, at
//! the same work.
//!
//! `cargo bench -p spin_lock_solution`

use divan::{Bencher, black_box};
#[allow(unused_imports, reason = "your file starts without it")]
use harness::sync::real as sync;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/spin_lock.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/04_mutexes/01_spin_lock/src/spin_lock.rs"]
mod yours;

harness::bench_main!("spin_lock.rs", || {
    let lock = yours::SpinLock::new(0);
    *lock.lock() += 1;
    assert_eq!(lock.try_lock().as_deref(), Some(&1));
});

/// The first design: swap until the old value was `false`. Each turn of each waiter is a write.
struct SwapLoop(std::sync::atomic::AtomicBool, std::cell::UnsafeCell<u64>);

/// The second: look first, and swap only when the lock looks free. Its waiters still give nothing away.
struct LookFirst(std::sync::atomic::AtomicBool, std::cell::UnsafeCell<u64>);

/// A row for each of the types that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::yours::SpinLock<u64>,
            reference = crate::reference::SpinLock<u64>,
            swap_loop = crate::SwapLoop,
            look_first = crate::LookFirst,
            parking_lot = parking_lot::Mutex<u64>,
            std = std::sync::Mutex<u64>,
        );
    };
}

/// Lock and unlock, with no other thread.
mod alone {
    use super::*;
    fn run<L: Counter>(bencher: Bencher) {
        let lock = L::zero();
        bencher.bench_local(|| black_box(&lock).add(1));
    }

    rows!(run(sample_size = 10_000));
}

/// Two threads, a processor each, lock for one addition, 100,000 times.
mod two_threads {
    use super::*;
    rows!(run(sample_count = 20, sample_size = 1));

    fn run<L: Counter>(bencher: Bencher) {
        together::<L>(bencher, 2, 100_000, 1);
    }
}

/// Eight threads on whatever processors there are lock for 500 additions, 3,000 times each. A holder is often
/// stopped in the middle, and then everything depends on what those who wait do with its processor.
mod eight_threads {
    use super::*;
    rows!(run(sample_count = 10, sample_size = 1));

    fn run<L: Counter>(bencher: Bencher) {
        together::<L>(bencher, 8, 3_000, 500);
    }
}

/// Threads that start together, and then lock as fast as they can, each time for so many `additions`.
fn together<L: Counter>(bencher: Bencher, threads: usize, rounds: usize, additions: u64) {
    bencher.bench_local(|| {
        let lock = L::zero();
        harness::bench::together(threads, || (0..rounds).for_each(|_| lock.add(additions)));
    });
}

/// What all of them can do.
trait Counter: Sync {
    fn zero() -> Self;
    /// Adds one to the number, `times` times, under one lock.
    fn add(&self, times: u64);
}

#[inline(always)]
fn add(number: &mut u64, times: u64) {
    for _ in 0..times {
        *number = black_box(*number + 1);
    }
}

macro_rules! counter {
    ($($lock:ty: |$this:ident| $guard:expr,)*) => {$(
        impl Counter for $lock {
            fn zero() -> Self {
                <$lock>::new(0)
            }
            #[inline(always)]
            fn add(&self, times: u64) {
                let $this = self;
                add(&mut $guard, times);
            }
        }
    )*};
}

counter! {
    yours::SpinLock<u64>: |lock| lock.lock(),
    reference::SpinLock<u64>: |lock| lock.lock(),
    parking_lot::Mutex<u64>: |lock| lock.lock(),
    std::sync::Mutex<u64>: |lock| lock.lock().unwrap(),
}

/// The two have no guard: it would be the reference's.
macro_rules! without_a_guard {
    ($($lock:ident: |$taken:ident| $wait:block,)*) => {$(
        // SAFETY: `add` accesses the number only between taking the flag and letting go of it.
        unsafe impl Sync for $lock {}

        impl Counter for $lock {
            fn zero() -> Self {
                Self(false.into(), 0.into())
            }
            #[inline(always)]
            fn add(&self, times: u64) {
                use std::sync::atomic::Ordering::Release;
                let $taken = &self.0;
                $wait
                // SAFETY: the flag is this thread's; it was set with Acquire, and is cleared with Release.
                add(unsafe { &mut *self.1.get() }, times);
                self.0.store(false, Release);
            }
        }
    )*};
}

without_a_guard! {
    SwapLoop: |taken| {
        while taken.swap(true, std::sync::atomic::Ordering::Acquire) {
            std::hint::spin_loop();
        }
    },
    LookFirst: |taken| {
        use std::sync::atomic::Ordering::{Acquire, Relaxed};
        while taken.load(Relaxed) || taken.swap(true, Acquire) {
            std::hint::spin_loop();
        }
    },
}
