//! Your map, the reference, a loop, one chunk for each thread, channels with a map that sorts, and rayon,
//! at the same work: a vector of all results, or the first error.
//!
//! `cargo bench -p parallel_map_solution`

use divan::Bencher;
use harness::bench::compute;
#[allow(unused_imports, reason = "your file starts without it")]
use harness::sync::real as sync;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/parallel_map.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/08_pools/04_parallel_map/src/parallel_map.rs"]
mod yours;

harness::bench_main!("parallel_map.rs", || Yours::map(2, 2, Ok), || {
    compute(Duration::ZERO);
});

macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::Yours,
            reference = crate::Reference,
            a_loop = crate::Loop,
            a_chunk_for_each = crate::Chunks,
            channels_and_a_map = crate::Channels,
            rayon = crate::Rayon,
        );
    };
}

/// Ten thousand items of about a microsecond, on two threads.
mod items_of_1_us {
    use super::*;
    fn run<M: Map>(bencher: Bencher) {
        bencher.bench_local(|| M::map(2, 10_000, |n| Ok(work(n, 1))).expect("none fails"));
    }

    rows!(run(sample_count = 30, sample_size = 1));
}

/// A thousand items of about ten microseconds, on two threads.
mod items_of_10_us {
    use super::*;
    fn run<M: Map>(bencher: Bencher) {
        bencher.bench_local(|| M::map(2, 1_000, |n| Ok(work(n, 10))).expect("none fails"));
    }

    rows!(run(sample_count = 30, sample_size = 1));
}

/// Twenty items of about a millisecond, on two threads.
mod items_of_1_ms {
    use super::*;
    fn run<M: Map>(bencher: Bencher) {
        bencher.bench_local(|| M::map(2, 20, |n| Ok(work(n, 1_000))).expect("none fails"));
    }

    rows!(run(sample_count = 20, sample_size = 1));
}

/// A thousand items of about ten microseconds, on eight threads, on whatever processors there are.
mod eight_threads {
    use super::*;
    fn run<M: Map>(bencher: Bencher) {
        bencher.bench_local(|| M::map(8, 1_000, |n| Ok(work(n, 10))).expect("none fails"));
    }

    rows!(run(sample_count = 30, sample_size = 1));
}

/// A thousand items on two threads. Those of the first half take nine times as long as the others.
mod uneven {
    use super::*;
    fn run<M: Map>(bencher: Bencher) {
        let micros = |n| if n < 500 { 18 } else { 2 };
        bencher
            .bench_local(|| M::map(2, 1_000, move |n| Ok(work(n, micros(n)))).expect("none fails"));
    }

    rows!(run(sample_count = 30, sample_size = 1));
}

/// The tenth of a thousand items fails.
mod an_early_error {
    use super::*;
    fn run<M: Map>(bencher: Bencher) {
        let f = |n| {
            if n == 10 { Err(()) } else { Ok(work(n, 10)) }
        };
        bencher.bench_local(|| M::map(2, 1_000, f).expect_err("item 10 fails"));
    }

    rows!(run(sample_count = 30, sample_size = 1));
}

/// An item that takes so long.
fn work(n: usize, micros: u64) -> usize {
    compute(Duration::from_micros(micros));
    n
}

/// What all of them can do.
trait Map {
    /// Calls `f` with the numbers up to `items`, on so many threads.
    fn map(
        workers: usize,
        items: usize,
        f: impl Fn(usize) -> Result<usize, ()> + Send + Sync + 'static,
    ) -> Result<Vec<usize>, ()>;
}

struct Yours;
struct Reference;

macro_rules! maps {
    ($($name:ident = $room:ident),*) => {$(
        impl Map for $name {
            fn map(
                workers: usize,
                items: usize,
                f: impl Fn(usize) -> Result<usize, ()> + Send + Sync + 'static,
            ) -> Result<Vec<usize>, ()> {
                $room::parallel_map(0..items, workers, 64, f).expect("there are threads").collect()
            }
        }
    )*};
}

maps!(Yours = yours, Reference = reference);

/// No thread at all.
struct Loop;

impl Map for Loop {
    fn map(
        _: usize,
        items: usize,
        f: impl Fn(usize) -> Result<usize, ()> + Send + Sync + 'static,
    ) -> Result<Vec<usize>, ()> {
        (0..items).map(f).collect()
    }
}

/// The first design: each thread gets a run of items, and nobody knows of an error before its run is joined.
struct Chunks;

impl Map for Chunks {
    fn map(
        workers: usize,
        items: usize,
        f: impl Fn(usize) -> Result<usize, ()> + Send + Sync + 'static,
    ) -> Result<Vec<usize>, ()> {
        let chunk = items.div_ceil(workers);
        thread::scope(|s| {
            let f = &f;
            let runs: Vec<_> = (0..workers)
                .map(|w| w * chunk..((w + 1) * chunk).min(items))
                .map(|run| s.spawn(move || run.map(f).collect::<Result<Vec<_>, _>>()))
                .collect();
            let mut all = Vec::with_capacity(items);
            for run in runs {
                all.extend(run.join().expect("no panic")?);
            }
            Ok(all)
        })
    }
}

/// The second design: items go out by a bounded channel, results come back by another, and a map sorts
/// them. The channels are bounded, and the map is not.
struct Channels;

impl Map for Channels {
    fn map(
        workers: usize,
        items: usize,
        f: impl Fn(usize) -> Result<usize, ()> + Send + Sync + 'static,
    ) -> Result<Vec<usize>, ()> {
        let (to_workers, inbox) = crossbeam_channel::bounded(32);
        let (outbox, results) = crossbeam_channel::bounded(32);
        thread::scope(|s| {
            for _ in 0..workers {
                let (inbox, outbox, f) = (inbox.clone(), outbox.clone(), &f);
                s.spawn(move || {
                    for n in inbox {
                        if outbox.send((n, f(n))).is_err() {
                            return;
                        }
                    }
                });
            }
            drop((inbox, outbox));
            s.spawn(move || (0..items).try_for_each(|n| to_workers.send(n)));
            let (mut all, mut waiting) = (Vec::with_capacity(items), BTreeMap::new());
            for (n, result) in results {
                waiting.insert(n, result);
                while let Some(result) = waiting.remove(&all.len()) {
                    all.push(result?);
                }
            }
            Ok(all)
        })
    }
}

/// Threads that are there already, and a vector that all of them write into.
struct Rayon;

impl Map for Rayon {
    fn map(
        workers: usize,
        items: usize,
        f: impl Fn(usize) -> Result<usize, ()> + Send + Sync + 'static,
    ) -> Result<Vec<usize>, ()> {
        static TWO: OnceLock<rayon::ThreadPool> = OnceLock::new();
        static EIGHT: OnceLock<rayon::ThreadPool> = OnceLock::new();
        let pool = if workers == 2 { &TWO } else { &EIGHT };
        let build = || rayon::ThreadPoolBuilder::new().num_threads(workers).build();
        let pool = pool.get_or_init(|| build().expect("there are threads"));
        pool.install(|| (0..items).into_par_iter().map(f).collect())
    }
}
