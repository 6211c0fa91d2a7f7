//! Your wait group, the reference, and crossbeam's, at the same work.
//!
//! crossbeam's group is used up by one `wait`; its `add` is `clone`, and its `done` is `drop`. It is in an
//! `Arc` of its own, and counting the references is a part of its time; ours is borrowed.

#![allow(missing_docs)]

#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;
use wait_group_solution as reference;

#[allow(dead_code)]
#[path = "../../../../exercises/02_goroutines/02_wait_group/src/wait_group.rs"]
mod yours;

harness::bench_main!("wait_group.rs", || {
    let group = yours::WaitGroup::new();
    group.add(1);
    group.done();
    group.wait();
});

/// A row for each of the types that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::yours::WaitGroup,
            reference = crate::reference::WaitGroup,
        );
    };
}

/// One task is added and finished while another keeps the counter above zero: no thread waits for zero.
mod add_and_done {
    macro_rules! run {
        ($bencher:ident, $Group:ty) => {
            let group = <$Group>::new();
            group.add(1);
            $bencher.bench_local(|| {
                group.add(1);
                group.done();
            });
        };
    }
    rows!(run!());

    #[divan::bench]
    fn crossbeam(bencher: divan::Bencher) {
        let group = crossbeam_utils::sync::WaitGroup::new();
        bencher.bench_local(|| drop(group.clone()));
    }
}

/// A whole life on one thread: make a group, add and finish one task, and wait at zero.
mod one_life {
    macro_rules! run {
        ($bencher:ident, $Group:ty) => {
            $bencher.bench_local(|| {
                let group = <$Group>::new();
                group.add(1);
                group.done();
                group.wait();
            });
        };
    }
    rows!(run!());

    #[divan::bench]
    fn crossbeam(bencher: divan::Bencher) {
        bencher.bench_local(|| {
            let group = crossbeam_utils::sync::WaitGroup::new();
            drop(group.clone());
            group.wait();
        });
    }
}

/// Four threads start together, and each adds and finishes 10,000 tasks of one group.
mod contended {
    use std::sync::Barrier;
    use std::thread;

    const THREADS: usize = 4;
    const TASKS: usize = 10_000;

    macro_rules! run {
        ($bencher:ident, $Group:ty) => {
            $bencher.bench_local(|| {
                let start = Barrier::new(THREADS);
                let group = <$Group>::new();
                group.add(THREADS as isize);
                thread::scope(|s| {
                    for _ in 0..THREADS {
                        s.spawn(|| {
                            start.wait();
                            for _ in 0..TASKS {
                                group.add(1);
                                group.done();
                            }
                            group.done();
                        });
                    }
                    group.wait();
                });
            });
        };
    }
    rows!(run!());

    #[divan::bench]
    fn crossbeam(bencher: divan::Bencher) {
        bencher.bench_local(|| {
            let start = &Barrier::new(THREADS);
            let group = crossbeam_utils::sync::WaitGroup::new();
            thread::scope(|s| {
                for _ in 0..THREADS {
                    let group = group.clone();
                    s.spawn(move || {
                        start.wait();
                        for _ in 0..TASKS {
                            drop(group.clone());
                        }
                    });
                }
                group.wait();
            });
        });
    }
}

/// Four threads are spawned and waited for. All rows also join them, and `std_scope` does only that: what a
/// row takes beyond it is the price of the group.
mod fan_in {
    use std::thread;

    const THREADS: usize = 4;

    macro_rules! run {
        ($bencher:ident, $Group:ty) => {
            $bencher.bench_local(|| {
                let group = <$Group>::new();
                thread::scope(|s| {
                    for _ in 0..THREADS {
                        group.add(1);
                        s.spawn(|| group.done());
                    }
                    group.wait();
                });
            });
        };
    }
    rows!(run!());

    #[divan::bench]
    fn crossbeam(bencher: divan::Bencher) {
        bencher.bench_local(|| {
            let group = crossbeam_utils::sync::WaitGroup::new();
            thread::scope(|s| {
                for _ in 0..THREADS {
                    let group = group.clone();
                    s.spawn(move || drop(group));
                }
                group.wait();
            });
        });
    }

    #[divan::bench]
    fn std_scope(bencher: divan::Bencher) {
        bencher.bench_local(|| {
            thread::scope(|s| {
                for _ in 0..THREADS {
                    s.spawn(|| ());
                }
            });
        });
    }
}
