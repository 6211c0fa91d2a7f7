//! Your lock, the reference, parking_lot's and std's, and a mutex, at the same work.
//!
//! parking_lot's is one word, with its sleepers in a table of their own. std's is one word of the same kind
//! as the reference's and a counter that writers sleep on; a writer that waits goes before readers that wait,
//! always. The mutex is that of the lesson `mutex`: what one has without telling readers from writers.

use divan::{Bencher, black_box};
use harness::bench::together;
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/rw_mutex.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/04_mutexes/04_rw_mutex/src/rw_mutex.rs"]
mod yours;

/// As the lesson's library has it.
const MAX_READERS: u32 = 1 << 27;

harness::bench_main!("rw_mutex.rs", || {
    let lock = yours::RwMutex::new(1);
    *lock.write() += *lock.try_read().expect("there is no guard");
    drop(lock.try_write());
    drop(lock.read());
});

/// A row for each of the types that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::yours::RwMutex<u64>,
            reference = crate::reference::RwMutex<u64>,
            mutex = mutex_solution::Mutex<u64>,
            std = std::sync::RwLock<u64>,
            parking_lot = parking_lot::RwLock<u64>,
        );
    };
}

/// One thread reads.
mod read {
    use super::*;

    fn run<L: Lock>(bencher: Bencher) {
        let lock = L::new();
        bencher.bench_local(|| black_box(&lock).get(1));
    }

    rows!(run(sample_size = 50_000));
}

/// One thread writes.
mod write {
    use super::*;

    fn run<L: Lock>(bencher: Bencher) {
        let lock = L::new();
        bencher.bench_local(|| black_box(&lock).add(1));
    }

    rows!(run(sample_size = 50_000));
}

/// Two threads that only read.
mod two_readers {
    use super::*;

    fn run<L: Lock>(bencher: Bencher) {
        contend::<L>(bencher, 2, 10_000, 0, 1);
    }

    rows!(run(sample_count = 15));
}

/// Two threads: one in ten times they write.
mod two_threads {
    use super::*;

    fn run<L: Lock>(bencher: Bencher) {
        contend::<L>(bencher, 2, 10_000, 10, 1);
    }

    rows!(run(sample_count = 15));
}

/// Eight threads: one in ten times they write.
mod eight_threads {
    use super::*;

    fn run<L: Lock>(bencher: Bencher) {
        contend::<L>(bencher, 8, 2_500, 10, 1);
    }

    rows!(run(sample_count = 15));
}

/// Eight threads, which have the lock for about a microsecond each time: one in ten times they write.
mod eight_threads_long {
    use super::*;

    fn run<L: Lock>(bencher: Bencher) {
        contend::<L>(bencher, 8, 250, 10, 1_000);
    }

    rows!(run(sample_count = 15));
}

/// Starts threads together, and lets each lock a number of times, for a number of steps; each `write_every`th time,
/// it writes.
fn contend<L: Lock>(
    bencher: Bencher,
    threads: usize,
    locks: usize,
    write_every: usize,
    steps: u64,
) {
    let lock = L::new();
    bencher.bench_local(|| {
        together(threads, || {
            for n in 1..=locks {
                if write_every != 0 && n % write_every == 0 {
                    lock.add(steps);
                } else {
                    lock.get(steps);
                }
            }
        });
    });
}

/// What all of them can do.
trait Lock: Sync + Send {
    fn new() -> Self;
    /// Locks for reading, looks a number of times, and unlocks.
    fn get(&self, looks: u64) -> u64;
    /// Locks for writing, adds 1 a number of times, and unlocks.
    fn add(&self, additions: u64);
}

macro_rules! lock {
    ($($lock:ty, $read:ident, $write:ident $(, $expect:ident)?;)*) => {$(
        impl Lock for $lock {
            fn new() -> Self {
                <$lock>::new(0)
            }
            #[inline(always)]
            fn get(&self, looks: u64) -> u64 {
                let value = self.$read()$(.$expect("no panic poisons it"))?;
                let mut sum = 0;
                for _ in 0..looks {
                    sum = black_box(sum + *value);
                }
                sum
            }
            #[inline(always)]
            #[allow(unused_mut)]
            fn add(&self, additions: u64) {
                let mut value = self.$write()$(.$expect("no panic poisons it"))?;
                for _ in 0..additions {
                    *value = black_box(*value + 1);
                }
            }
        }
    )*};
}

lock! {
    yours::RwMutex<u64>, read, write;
    reference::RwMutex<u64>, read, write;
    mutex_solution::Mutex<u64>, lock, lock;
    parking_lot::RwLock<u64>, read, write;
    std::sync::RwLock<u64>, read, write, expect;
}
