//! Your nursery, the reference, and std's scope, at the same work. Nearly all of it is making threads; what a
//! row takes beyond `std_scope` is the price of the block.

#![allow(missing_docs)]

#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;
use nursery_solution as reference;
use std::panic::catch_unwind;
use std::sync::LazyLock;

#[allow(dead_code)]
#[path = "../../../../exercises/02_goroutines/08_nursery/src/nursery.rs"]
mod yours;

fn main() {
    if *UNWRITTEN {
        println!("nursery.rs is not written yet: the rows called `yours` are left out");
    }
    divan::main();
}

/// Whether the learner's file still says `todo!` anywhere on the way that the benches take.
static UNWRITTEN: LazyLock<bool> = LazyLock::new(|| {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let unwritten = catch_unwind(|| yours::open(|nursery| nursery.spawn(|| ()))).is_err();
    std::panic::set_hook(hook);
    unwritten
});

/// The benches of one workload that differ in nothing but where the threads are started. `$run` gets the
/// function that opens the block.
macro_rules! all {
    ($run:ident) => {
        #[divan::bench(ignore = *crate::UNWRITTEN)]
        fn yours(bencher: divan::Bencher) {
            $run!(bencher, crate::yours::open);
        }

        #[divan::bench]
        fn reference(bencher: divan::Bencher) {
            $run!(bencher, crate::reference::open);
        }

        #[divan::bench]
        fn std_scope(bencher: divan::Bencher) {
            $run!(bencher, std::thread::scope);
        }
    };
}

/// A block without children: what opening and closing it costs.
mod empty {
    macro_rules! run {
        ($bencher:ident, $open:path) => {
            $bencher.bench_local(|| $open(|_| divan::black_box(1)));
        };
    }
    all!(run);
}

/// One child, so that its way back to the block shows: the wakeup, or none if it was faster.
mod one_child {
    macro_rules! run {
        ($bencher:ident, $open:path) => {
            $bencher.bench_local(|| {
                $open(|block| {
                    block.spawn(|| ());
                });
            });
        };
    }
    all!(run);
}

/// The body starts 64 children, which end at once.
mod fan_out {
    macro_rules! run {
        ($bencher:ident, $open:path) => {
            $bencher.bench_local(|| {
                $open(|block| {
                    for _ in 0..64 {
                        block.spawn(|| ());
                    }
                });
            });
        };
    }
    all!(run);
}

/// Eight children start eight siblings each, all at once.
mod siblings {
    macro_rules! run {
        ($bencher:ident, $open:path) => {
            $bencher.bench_local(|| {
                $open(|block| {
                    for _ in 0..8 {
                        block.spawn(|| {
                            for _ in 0..8 {
                                block.spawn(|| ());
                            }
                        });
                    }
                });
            });
        };
    }
    all!(run);
}
