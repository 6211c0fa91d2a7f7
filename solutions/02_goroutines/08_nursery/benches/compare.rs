//! Your nursery, the reference, and std's scope, at the same work. Nearly all of the work is spawning
//! threads; what a row takes beyond `std_scope` is the price of the block.

#![allow(missing_docs)]

#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;
use nursery_solution as reference;

#[allow(dead_code)]
#[path = "../../../../exercises/02_goroutines/08_nursery/src/nursery.rs"]
mod yours;

harness::bench_main!("nursery.rs", || yours::open(|nursery| nursery.spawn(|| ())));

/// A row for each of the functions that open the block.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::yours::open,
            reference = crate::reference::open,
            std_scope = std::thread::scope,
        );
    };
}

/// A block without children: what opening and closing it costs.
mod empty {
    macro_rules! run {
        ($bencher:ident, $open:path) => {
            $bencher.bench_local(|| $open(|_| divan::black_box(1)));
        };
    }
    rows!(run!());
}

/// One child, to show how the block learns that it has ended: by a wakeup, or without one if the child was
/// faster.
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
    rows!(run!());
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
    rows!(run!());
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
    rows!(run!());
}
