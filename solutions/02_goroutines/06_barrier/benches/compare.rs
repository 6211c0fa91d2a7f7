//! Your barrier, the reference, and std's, at the same rounds.

#![allow(missing_docs)]

#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;

use barrier_solution as reference;

#[allow(dead_code)]
#[path = "../../../../exercises/02_goroutines/06_barrier/src/barrier.rs"]
mod yours;

harness::bench_main!("barrier.rs", || yours::Barrier::new(1).wait().is_leader());

/// A row for each of the types that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::yours::Barrier,
            reference = crate::reference::Barrier,
            std = std::sync::Barrier,
        );
    };
}

/// A round of one thread: what a barrier costs if no thread waits.
mod alone {
    macro_rules! run {
        ($bencher:ident, $Barrier:ty) => {
            let barrier = <$Barrier>::new(1);
            $bencher.bench_local(|| barrier.wait().is_leader());
        };
    }
    rows!(run!());
}

/// Threads are spawned, wait for each other 1,000 times and do nothing else, and are joined.
macro_rules! rounds {
    ($module:ident, $threads:literal) => {
        mod $module {
            use std::thread;

            macro_rules! run {
                ($bencher:ident, $Barrier:ty) => {
                    $bencher.bench_local(|| {
                        let barrier = <$Barrier>::new($threads);
                        thread::scope(|s| {
                            for _ in 0..$threads {
                                s.spawn(|| {
                                    for _ in 0..1_000 {
                                        barrier.wait();
                                    }
                                });
                            }
                        });
                    });
                };
            }
            rows!(run!());
        }
    };
}

rounds!(two_threads, 2);
rounds!(four_threads, 4);
rounds!(sixteen_threads, 16);
