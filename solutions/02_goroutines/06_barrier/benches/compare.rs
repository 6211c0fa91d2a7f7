//! Your barrier, the reference, and std's, at the same rounds.

#![allow(missing_docs)]

#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;
use std::panic;

use barrier_solution as reference;

#[allow(dead_code)]
#[path = "../../../../exercises/02_goroutines/06_barrier/src/barrier.rs"]
mod yours;

fn main() {
    let mut divan = divan::Divan::from_args();
    if !yours_is_written() {
        println!("barrier.rs is not written yet: the rows called `yours` are left out");
        divan = divan.skip_regex("yours");
    }
    divan.main();
}

/// Whether the learner's file gets through a round without a `todo!`.
fn yours_is_written() -> bool {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let written = panic::catch_unwind(|| yours::Barrier::new(1).wait().is_leader()).is_ok();
    panic::set_hook(hook);
    written
}

/// The benches of one workload, which differ in nothing but the type. `$run` gets the barrier's.
macro_rules! rows {
    ($run:ident) => {
        #[divan::bench]
        fn yours(bencher: divan::Bencher) {
            $run!(bencher, crate::yours::Barrier);
        }

        #[divan::bench]
        fn reference(bencher: divan::Bencher) {
            $run!(bencher, crate::reference::Barrier);
        }

        #[divan::bench]
        fn std(bencher: divan::Bencher) {
            $run!(bencher, std::sync::Barrier);
        }
    };
}

/// A round of one thread: what a barrier takes when nobody waits.
mod alone {
    macro_rules! run {
        ($bencher:ident, $Barrier:ty) => {
            let barrier = <$Barrier>::new(1);
            $bencher.bench_local(|| barrier.wait().is_leader());
        };
    }
    rows!(run);
}

/// So many threads are spawned, do nothing but wait for each other 1,000 times, and are joined.
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
            rows!(run);
        }
    };
}

rounds!(two_threads, 2);
rounds!(four_threads, 4);
rounds!(sixteen_threads, 16);
