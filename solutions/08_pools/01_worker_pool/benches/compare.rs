//! Your pool, the reference, a thread for each job, and the pools of the crates threadpool and rayon, at
//! the same jobs.
//!
//! `cargo bench -p worker_pool_solution`
//!
//! A thread of its own submits the jobs, and the bench reads their results. Only ours has a bound: the
//! queues of the others, and their channels of results, hold whatever is put in.

use divan::Bencher;
use harness::bench::compute;
#[allow(unused_imports, reason = "your file starts without it")]
use harness::sync::real as sync;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/worker_pool.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/08_pools/01_worker_pool/src/worker_pool.rs"]
mod yours;

harness::bench_main!("worker_pool.rs", || Yours::run(2, 2, 1), || {
    compute(Duration::ZERO);
});

/// Room for jobs, and for results, where there is a bound.
const CAPACITY: usize = 1_024;

macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::Yours,
            reference = crate::Reference,
            thread_for_each_job = crate::Threads,
            threadpool = crate::Threadpool,
            rayon = crate::Rayon,
        );
    };
}

/// Two workers, 5,000 jobs of a microsecond.
mod jobs_of_1_us {
    use super::*;
    fn run<P: Pool>(bencher: Bencher) {
        bencher.bench_local(|| P::run(2, 5_000, 1));
    }

    rows!(run(sample_count = 20, sample_size = 1));
}

/// Two workers, 1,000 jobs of ten microseconds.
mod jobs_of_10_us {
    use super::*;
    fn run<P: Pool>(bencher: Bencher) {
        bencher.bench_local(|| P::run(2, 1_000, 10));
    }

    rows!(run(sample_count = 20, sample_size = 1));
}

/// Two workers, 20 jobs of a millisecond.
mod jobs_of_1_ms {
    use super::*;
    fn run<P: Pool>(bencher: Bencher) {
        bencher.bench_local(|| P::run(2, 20, 1_000));
    }

    rows!(run(sample_count = 20, sample_size = 1));
}

/// Eight workers on whatever processors there are, 5,000 jobs of a microsecond.
mod eight_workers {
    use super::*;
    fn run<P: Pool>(bencher: Bencher) {
        bencher.bench_local(|| P::run(8, 5_000, 1));
    }

    rows!(run(sample_count = 20, sample_size = 1));
}

/// What all of them can do.
trait Pool {
    /// Starts the workers, has them run so many jobs, and adds up the results.
    fn run(workers: usize, jobs: usize, micros: u64) -> u64;
}

struct Yours;
struct Reference;

macro_rules! ours {
    ($($name:ident = $module:ident;)*) => {$(
        impl Pool for $name {
            fn run(workers: usize, jobs: usize, micros: u64) -> u64 {
                let job = Duration::from_micros(micros);
                let (pool, results) =
                    $module::WorkerPool::new(workers, CAPACITY, compute).expect("threads");
                thread::scope(|s| {
                    s.spawn(move || (0..jobs).for_each(|_| pool.submit(job)));
                    results.fold(0, u64::wrapping_add)
                })
            }
        }
    )*};
}

ours! {
    Yours = yours;
    Reference = reference;
}

/// Submits jobs from a thread of its own, by `submit`, each with a sender of the results.
fn boxed(jobs: usize, micros: u64, submit: impl Fn(Job) + Send) -> u64 {
    let job = Duration::from_micros(micros);
    let (sender, results) = mpsc::channel();
    thread::scope(|s| {
        s.spawn(move || {
            for _ in 0..jobs {
                let sender = sender.clone();
                submit(Box::new(move || {
                    let _ = sender.send(compute(job));
                }));
            }
        });
        results.into_iter().fold(0, u64::wrapping_add)
    })
}

type Job = Box<dyn FnOnce() + Send>;

/// The first design: what is not bounded here are the threads.
struct Threads;

impl Pool for Threads {
    fn run(_workers: usize, jobs: usize, micros: u64) -> u64 {
        boxed(jobs, micros, |job| {
            thread::spawn(job);
        })
    }
}

/// The second: one receiver, behind a lock that the workers share.
struct Threadpool;

impl Pool for Threadpool {
    fn run(workers: usize, jobs: usize, micros: u64) -> u64 {
        let pool = threadpool::ThreadPool::new(workers);
        boxed(jobs, micros, move |job| pool.execute(job))
    }
}

struct Rayon;

impl Pool for Rayon {
    fn run(workers: usize, jobs: usize, micros: u64) -> u64 {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(workers).build();
        let pool = pool.expect("threads");
        boxed(jobs, micros, move |job| pool.spawn(job))
    }
}
