//! Your lazy value, the reference and `std::sync::LazyLock`, side by side.
//!
//! `cargo bench -p lazy_solution`
//!
//! All three hold a `u64` in themselves, and for each of them, reading an existing value is a load, a
//! comparison and a read. `lock_every_time` shows what the first check saves. The first `force` is a lock
//! and an unlock here, and two steps on one atomic in std, which takes the same time. Lazies are dropped
//! outside the measured time.

#![allow(missing_docs)]

use divan::black_box;
use harness::sync::real as sync;
use lazy_solution as reference;

#[allow(dead_code)]
#[path = "../../../../exercises/02_goroutines/05_lazy/src/lazy.rs"]
mod yours;

harness::bench_main!("lazy.rs", || *yours::Lazy::force(&yours::Lazy::new(|| 1)));

/// A row for each of the types that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::yours::Lazy,
            reference = crate::reference::Lazy,
            std_lazy_lock = std::sync::LazyLock,
        );
    };
}

/// One read of a value that is there.
mod read {
    use super::*;

    macro_rules! run {
        ($bencher:ident, $Lazy:path) => {{
            use $Lazy as Lazy;
            let lazy = Lazy::new(|| 1u64);
            Lazy::force(&lazy);
            $bencher.bench_local(|| *Lazy::force(black_box(&lazy)));
        }};
    }
    rows!(run!());

    #[divan::bench]
    fn lock_every_time(bencher: divan::Bencher) {
        let table = sync::Mutex::new(Some(1u64));
        bencher.bench_local(|| black_box(&table).lock().expect("it is there"));
    }
}

/// Two threads at once, with a hundred thousand reads each: readers do not slow each other down.
mod read_by_two {
    use super::*;
    use std::sync::Barrier;
    use std::thread;

    const READS: usize = 100_000;

    macro_rules! run {
        ($bencher:ident, $Lazy:path) => {{
            use $Lazy as Lazy;
            let lazy = Lazy::new(|| 1u64);
            Lazy::force(&lazy);
            let start = Barrier::new(2);
            let read = || {
                start.wait();
                for _ in 0..READS {
                    black_box(*Lazy::force(black_box(&lazy)));
                }
            };
            $bencher.bench_local(|| {
                thread::scope(|scope| {
                    scope.spawn(read);
                    read();
                });
            });
        }};
    }
    rows!(run!());

    #[divan::bench]
    fn lock_every_time(bencher: divan::Bencher) {
        let table = sync::Mutex::new(Some(1u64));
        let start = Barrier::new(2);
        let read = || {
            start.wait();
            for _ in 0..READS {
                black_box(black_box(&table).lock().expect("it is there"));
            }
        };
        bencher.bench_local(|| {
            thread::scope(|scope| {
                scope.spawn(read);
                read();
            });
        });
    }
}

/// The first `force`, with no other thread. The function does next to nothing.
mod first_force {
    use super::*;

    macro_rules! run {
        ($bencher:ident, $Lazy:path) => {{
            use $Lazy as Lazy;
            $bencher
                .with_inputs(|| Lazy::new(|| black_box(1u64)))
                .bench_local_refs(|lazy| *Lazy::force(lazy));
        }};
    }
    rows!(run!());
}

/// Four threads come together; one calls the function, and three wait for it.
mod rush {
    use super::*;
    use std::sync::Barrier;
    use std::thread;

    const THREADS: usize = 4;

    macro_rules! run {
        ($bencher:ident, $Lazy:path) => {{
            use $Lazy as Lazy;
            $bencher.bench_local(|| {
                let start = Barrier::new(THREADS);
                let lazy = Lazy::new(|| (0..1000u64).map(black_box).sum::<u64>());
                thread::scope(|scope| {
                    for _ in 0..THREADS {
                        scope.spawn(|| {
                            start.wait();
                            *Lazy::force(&lazy)
                        });
                    }
                });
            });
        }};
    }
    rows!(run!());
}
