//! Your pool, the reference, and the pools of the crates threadpool and rayon, at the same jobs.
//!
//! `cargo bench -p pool_shutdown_solution`
//!
//! Each row starts the pool, submits the jobs, and waits until they have run. Only ours has a bound, and only ours
//! can be shut down: threadpool waits, and rayon's scope does.

use cancellation_solution as cancellation;
use cancellation_solution::Context;
use divan::Bencher;
use harness::bench::compute;
#[allow(unused_imports, reason = "your file starts without it")]
use harness::sync::real as sync;
use std::time::Duration;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/pool_shutdown.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/08_pools/03_pool_shutdown/src/pool_shutdown.rs"]
mod yours;

harness::bench_main!("pool_shutdown.rs", || Yours::run(2, 2, 1), || {
    compute(Duration::ZERO);
});

/// Room for jobs, where there is a bound.
const CAPACITY: usize = 1_024;

macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::Yours,
            reference = crate::Reference,
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

/// A pool of two that is started and shut down. Ours has a thread more, which waits for the context.
mod no_jobs {
    use super::*;
    fn run<P: Pool>(bencher: Bencher) {
        bencher.bench_local(|| P::run(2, 0, 0));
    }

    rows!(run(sample_size = 10));
}

/// What all of them can do.
trait Pool {
    /// Starts the workers, submits so many jobs, and waits until they have run.
    fn run(workers: usize, jobs: usize, micros: u64);
}

fn work(job: Duration) {
    compute(job);
}

struct Yours;
struct Reference;

macro_rules! ours {
    ($($name:ident = $module:ident;)*) => {$(
        impl Pool for $name {
            fn run(workers: usize, jobs: usize, micros: u64) {
                let job = Duration::from_micros(micros);
                let context = Context::background();
                let pool = $module::Pool::new(&context, workers, CAPACITY, work).expect("threads");
                for _ in 0..jobs {
                    pool.submit(job).expect("it is open");
                }
                assert!(pool.drain().is_empty());
            }
        }
    )*};
}

ours! {
    Yours = yours;
    Reference = reference;
}

struct Threadpool;

impl Pool for Threadpool {
    fn run(workers: usize, jobs: usize, micros: u64) {
        let job = Duration::from_micros(micros);
        let pool = threadpool::ThreadPool::new(workers);
        for _ in 0..jobs {
            pool.execute(move || work(job));
        }
        pool.join();
    }
}

struct Rayon;

impl Pool for Rayon {
    fn run(workers: usize, jobs: usize, micros: u64) {
        let job = Duration::from_micros(micros);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(workers).build();
        let pool = pool.expect("threads");
        pool.in_place_scope(|scope| {
            for _ in 0..jobs {
                scope.spawn(move |_| work(job));
            }
        });
    }
}
