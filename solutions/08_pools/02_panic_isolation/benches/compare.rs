//! Your pool, the reference, a thread for each job, threadpool and rayon, at the same work.
//!
//! `cargo bench -p panic_isolation_solution`

use divan::Bencher;
use harness::bench::compute;
#[allow(unused_imports, reason = "your file starts without it")]
use harness::sync::real as sync;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/panic_isolation.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/08_pools/02_panic_isolation/src/panic_isolation.rs"]
mod yours;

harness::bench_main!(
    "panic_isolation.rs",
    || Yours::new(2).run(2, Duration::ZERO),
    || {
        compute(Duration::ZERO);
    }
);

macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::Yours,
            reference = crate::Reference,
            a_thread_for_each = crate::Threads,
            threadpool = crate::ThreadPool,
            rayon = crate::Rayon,
        );
    };
}

/// One job goes to the pool and is joined.
mod there_and_back {
    use super::*;
    fn run<P: Jobs>(bencher: Bencher) {
        let pool = P::new(2);
        bencher.bench_local(|| pool.run(1, Duration::ZERO));
    }

    rows!(run(sample_size = 20));
}

/// A thousand jobs of about a microsecond on two threads, a hundred at a time.
mod a_thousand_short_jobs {
    use super::*;
    fn run<P: Jobs>(bencher: Bencher) {
        let pool = P::new(2);
        bencher.bench_local(|| pool.run(1000, Duration::from_micros(1)));
    }

    rows!(run(sample_count = 50, sample_size = 1));
}

/// The same on eight threads, on whatever processors there are.
mod a_thousand_on_eight_threads {
    use super::*;
    fn run<P: Jobs>(bencher: Bencher) {
        let pool = P::new(8);
        bencher.bench_local(|| pool.run(1000, Duration::from_micros(1)));
    }

    rows!(run(sample_count = 50, sample_size = 1));
}

/// A hundred jobs, all of which panic.
mod a_hundred_panics {
    use super::*;
    fn run<P: Jobs>(bencher: Bencher) {
        let pool = P::new(2);
        bencher.bench_local(|| pool.panic(100));
    }

    rows!(run(sample_count = 50, sample_size = 1));
}

/// Without a message on standard error.
fn panics() -> u64 {
    resume_unwind(Box::new("a bug"))
}

/// What all of them can do.
trait Jobs {
    fn new(threads: usize) -> Self;
    /// Runs so many jobs, each of which computes for so long, and takes what they return.
    fn run(&self, jobs: usize, time: Duration);
    /// Runs jobs that panic, and takes their payloads.
    fn panic(&self, jobs: usize);
}

/// Starts all jobs, and then joins them: a hundred at a time, because a thousand threads at once may be too
/// many.
fn all<H>(jobs: usize, start: impl Fn() -> H, join: impl Fn(H)) {
    for _ in 0..jobs.div_ceil(100) {
        let handles: Vec<_> = (0..jobs.min(100)).map(|_| start()).collect();
        handles.into_iter().for_each(&join);
    }
}

struct Yours(yours::Pool);
struct Reference(reference::Pool);

macro_rules! pools {
    ($($name:ident = $room:ident),*) => {$(
        impl Jobs for $name {
            fn new(threads: usize) -> Self {
                Self($room::Pool::new(threads).expect("there are threads"))
            }

            fn run(&self, jobs: usize, time: Duration) {
                let start = || self.0.submit(move || compute(time));
                all(jobs, start, |handle| {
                    assert!(handle.join().is_ok());
                });
            }

            fn panic(&self, jobs: usize) {
                all(jobs, || self.0.submit(panics), |handle| {
                    assert!(handle.join().is_err());
                });
            }
        }
    )*};
}

pools!(Yours = yours, Reference = reference);

/// The first design. It isolates panics, and there is no pool.
struct Threads;

impl Jobs for Threads {
    fn new(_: usize) -> Self {
        Self
    }

    fn run(&self, jobs: usize, time: Duration) {
        let start = || thread::spawn(move || compute(time));
        all(jobs, start, |handle| assert!(handle.join().is_ok()));
    }

    fn panic(&self, jobs: usize) {
        let start = || thread::spawn(panics);
        all(jobs, start, |handle| assert!(handle.join().is_err()));
    }
}

/// The second design: a job that panics ends its thread, and a new one takes its place. That there was a
/// panic is seen from the channel, which has ended; the payload is lost.
struct ThreadPool(threadpool::ThreadPool);

impl ThreadPool {
    fn start(&self, job: impl FnOnce() -> u64 + Send + 'static) -> mpsc::Receiver<u64> {
        let (outcome, handle) = mpsc::sync_channel(1);
        self.0
            .execute(move || outcome.send(job()).expect("the handle is kept"));
        handle
    }
}

impl Jobs for ThreadPool {
    fn new(threads: usize) -> Self {
        Self(threadpool::ThreadPool::new(threads))
    }

    fn run(&self, jobs: usize, time: Duration) {
        let start = || self.start(move || compute(time));
        all(jobs, start, |handle| assert!(handle.recv().is_ok()));
    }

    fn panic(&self, jobs: usize) {
        all(
            jobs,
            || self.start(panics),
            |handle| {
                assert!(handle.recv().is_err());
            },
        );
    }
}

/// A panic that leaves a job of rayon's ends the process, so that each job needs a `catch_unwind` of its own.
struct Rayon(rayon::ThreadPool);

impl Rayon {
    fn start(
        &self,
        job: impl FnOnce() -> u64 + Send + 'static,
    ) -> mpsc::Receiver<thread::Result<u64>> {
        let (outcome, handle) = mpsc::sync_channel(1);
        self.0.spawn(move || {
            let result = catch_unwind(AssertUnwindSafe(job));
            outcome.send(result).expect("the handle is kept");
        });
        handle
    }
}

impl Jobs for Rayon {
    fn new(threads: usize) -> Self {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        Self(pool.build().expect("there are threads"))
    }

    fn run(&self, jobs: usize, time: Duration) {
        let start = || self.start(move || compute(time));
        all(jobs, start, |handle| {
            assert!(handle.recv().expect("it is sent").is_ok());
        });
    }

    fn panic(&self, jobs: usize) {
        all(
            jobs,
            || self.start(panics),
            |handle| {
                assert!(handle.recv().expect("it is sent").is_err());
            },
        );
    }
}
