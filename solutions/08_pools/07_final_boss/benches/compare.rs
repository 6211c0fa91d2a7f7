//! Your pool, the reference, a queue behind one lock, rayon and threadpool, at the same work: jobs of a
//! microsecond, of ten, and of a thousand.
//!
//! `cargo bench -p final_boss_solution`
//!
//! A row is the time for all jobs of a round, on two workers. rayon and threadpool have no bounds, no
//! handles, no priorities and no accounts; so that none has to wait for room, the queues of the others are
//! longer than a round.

use cancellation_solution as cancellation;
use channels::real as channel;
use harness::bench::compute;
use harness::sync::real as sync;
use select_solution as select;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::AcqRel};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

#[allow(dead_code)]
const LOCAL: usize = 256;
#[allow(dead_code)]
const PATIENCE: u32 = 8;
#[allow(dead_code)]
const LOOKS: u32 = 32;

#[allow(dead_code)]
#[path = "../../../../exercises/08_pools/07_final_boss/src/job.rs"]
mod job;
#[allow(dead_code)]
#[path = "../../../../exercises/08_pools/07_final_boss/src/metrics.rs"]
mod metrics;
// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/final_boss.rs"]
mod reference;
#[allow(dead_code, unused_imports)]
#[path = "../../../../exercises/08_pools/07_final_boss/src/final_boss.rs"]
mod yours;

harness::bench_main!(
    "final_boss.rs",
    || {
        let pool = yours::Pool::new(1, 4).expect("a thread");
        let job = pool.submit(|worker: &yours::Worker| {
            drop(worker.submit(|_: &yours::Worker| ()));
            worker.help()
        });
        drop(job.expect("it is open").join());
        pool.shutdown();
    },
    || {
        compute(Duration::ZERO);
    }
);

/// A row for each pool.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::Yours,
            reference = crate::Reference,
            one_lock = crate::OneLock,
            rayon = crate::Rayon,
            threadpool = crate::Threadpool,
        );
    };
}

/// How many jobs a round has, and how long each takes.
type Round = (usize, Duration);
const MICRO: Round = (20_000, Duration::from_micros(1));
const TEN_MICROS: Round = (4_000, Duration::from_micros(10));
const MILLI: Round = (60, Duration::from_millis(1));

/// A case for each length of jobs.
macro_rules! lengths {
    ($submit:ident) => {
        mod of_1_us {
            use crate::*;
            fn run<P: Runs>(bencher: divan::Bencher) {
                bencher.bench_local(|| $submit::<P>(MICRO));
            }
            rows!(run(sample_count = 30, sample_size = 1));
        }
        mod of_10_us {
            use crate::*;
            fn run<P: Runs>(bencher: divan::Bencher) {
                bencher.bench_local(|| $submit::<P>(TEN_MICROS));
            }
            rows!(run(sample_count = 30, sample_size = 1));
        }
        mod of_1_ms {
            use crate::*;
            fn run<P: Runs>(bencher: divan::Bencher) {
                bencher.bench_local(|| $submit::<P>(MILLI));
            }
            rows!(run(sample_count = 20, sample_size = 1));
        }
    };
}

/// One thread submits all jobs.
mod from_outside {
    lengths!(from_outside);
}

/// Eight threads submit the jobs: ten threads on two processors.
mod from_eight_threads {
    lengths!(from_eight_threads);
}

/// One job submits all others.
mod from_inside {
    lengths!(from_inside);
}

/// What a round waits for.
struct Latch(AtomicUsize, Thread);

impl Latch {
    fn count(&self) {
        if self.0.fetch_sub(1, AcqRel) == 1 {
            self.1.unpark();
        }
    }
}

/// Runs a round: `submit` sees to it that the job, which it is lent, runs `jobs` times.
fn round((jobs, time): Round, submit: impl FnOnce(usize, Work)) {
    let latch = Arc::new(Latch(AtomicUsize::new(jobs), thread::current()));
    // The jobs borrow it from here, as the threads of a scope would, without counting references for each job.
    let lent: *const Latch = &*latch;
    submit(jobs, Work { latch: lent, time });
    while latch.0.load(std::sync::atomic::Ordering::Acquire) > 0 {
        thread::park();
    }
    // The last job may still be in `unpark`.
    KEPT.lock().expect("no panic").push(latch);
}

/// The latches of all rounds.
static KEPT: Mutex<Vec<Arc<Latch>>> = Mutex::new(Vec::new());

#[derive(Clone, Copy)]
struct Work {
    latch: *const Latch,
    time: Duration,
}

// SAFETY: latches live as long as the process, and are `Sync`.
unsafe impl Send for Work {}
// SAFETY: as above.
unsafe impl Sync for Work {}

impl Work {
    fn run(self) {
        compute(self.time);
        // SAFETY: latches live as long as the process.
        unsafe { &*self.latch }.count();
    }
}

fn from_outside<P: Runs>(of: Round) {
    P::with(|pool| {
        round(of, |jobs, work| {
            (0..jobs).for_each(|_| P::submit(pool, work))
        })
    });
}

fn from_eight_threads<P: Runs>(of: Round) {
    P::with(|pool| {
        round(of, |jobs, work| {
            harness::bench::together(8, || {
                (0..jobs / 8).for_each(|_| P::submit(pool, work));
            });
            (0..jobs % 8).for_each(|_| P::submit(pool, work));
        })
    });
}

fn from_inside<P: Runs>(of: Round) {
    P::with(|pool| round(of, |jobs, work| P::submit_inside(pool, jobs, work)));
}

const WORKERS: usize = 2;

/// A pool that runs jobs.
trait Runs: Sized + Send + Sync + 'static {
    fn new() -> Self;
    fn submit(&self, work: Work);
    /// Submits a job that submits the others.
    fn submit_inside(&self, jobs: usize, work: Work);
    fn with(f: impl FnOnce(&Self));
}

/// One pool for all rounds, as in a program.
macro_rules! kept {
    () => {
        fn with(f: impl FnOnce(&Self)) {
            static POOL: OnceLock<&'static Private> = OnceLock::new();
            f(POOL.get_or_init(|| Box::leak(Box::new(Self::new()))));
        }
    };
}

macro_rules! of_pools {
    ($($name:ident = $from:ident;)*) => {$(
        struct $name($from::Pool);
        const _: () = {
            type Private = $name;
            impl Runs for $name {
                kept!();
                fn new() -> Self {
                    Self($from::Pool::new(WORKERS, 1 << 20).expect("threads"))
                }
                fn submit(&self, work: Work) {
                    drop(self.0.submit(move |_: &$from::Worker| work.run()).expect("it is open"));
                }
                fn submit_inside(&self, jobs: usize, work: Work) {
                    let all = move |worker: &$from::Worker| {
                        for _ in 0..jobs {
                            drop(worker.submit(move |_: &$from::Worker| work.run()).expect("it is open"));
                        }
                    };
                    drop(self.0.submit(all).expect("it is open"));
                }
            }
        };
    )*};
}

of_pools! {
    Yours = yours;
    Reference = reference;
}

struct Rayon(rayon::ThreadPool);
const _: () = {
    type Private = Rayon;
    impl Runs for Rayon {
        kept!();
        fn new() -> Self {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(WORKERS);
            Self(pool.build().expect("threads"))
        }
        fn submit(&self, work: Work) {
            self.0.spawn(move || work.run());
        }
        fn submit_inside(&self, jobs: usize, work: Work) {
            self.0
                .spawn(move || (0..jobs).for_each(|_| rayon::spawn(move || work.run())));
        }
    }
};

struct Threadpool(Mutex<threadpool::ThreadPool>);

thread_local! {
    /// A handle of the only threadpool there is: they are `Send`, and not `Sync`.
    static HANDLE: std::cell::OnceCell<threadpool::ThreadPool> = const { std::cell::OnceCell::new() };
}

const _: () = {
    type Private = Threadpool;
    impl Runs for Threadpool {
        kept!();
        fn new() -> Self {
            Self(Mutex::new(threadpool::ThreadPool::new(WORKERS)))
        }
        fn submit(&self, work: Work) {
            HANDLE.with(|handle| {
                let handle = handle.get_or_init(|| self.0.lock().expect("no panic").clone());
                handle.execute(move || work.run());
            });
        }
        fn submit_inside(&self, jobs: usize, work: Work) {
            let handle = self.0.lock().expect("no panic").clone();
            let inner = handle.clone();
            handle.execute(move || (0..jobs).for_each(|_| inner.execute(move || work.run())));
        }
    }
};

/// The first design: one queue behind one lock.
struct OneLock(Arc<Shared>, #[allow(dead_code)] Vec<JoinHandle<()>>);

#[derive(Default)]
struct Shared {
    jobs: Mutex<VecDeque<Box<dyn FnOnce() + Send>>>,
    work: Condvar,
}

impl Shared {
    fn submit(&self, job: Box<dyn FnOnce() + Send>) {
        self.jobs.lock().expect("no panic").push_back(job);
        self.work.notify_one();
    }
}

const _: () = {
    type Private = OneLock;
    impl Runs for OneLock {
        kept!();
        fn new() -> Self {
            let shared = Arc::<Shared>::default();
            let worker = |_| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    loop {
                        let mut jobs = shared.jobs.lock().expect("no panic");
                        let job = loop {
                            match jobs.pop_front() {
                                Some(job) => break job,
                                None => jobs = shared.work.wait(jobs).expect("no panic"),
                            }
                        };
                        drop(jobs);
                        job();
                    }
                })
            };
            let threads = (0..WORKERS).map(worker).collect();
            Self(shared, threads)
        }
        fn submit(&self, work: Work) {
            self.0.submit(Box::new(move || work.run()));
        }
        fn submit_inside(&self, jobs: usize, work: Work) {
            let shared = Arc::clone(&self.0);
            self.0.submit(Box::new(move || {
                (0..jobs).for_each(|_| shared.submit(Box::new(move || work.run())));
            }));
        }
    }
};
