//! Your pipeline, the reference, and what one would write by hand on crossbeam's channels or on std's, without errors
//! and without panics. All have room for 64 results behind each stage.
//!
//! `cargo bench -p pipeline_solution`

#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;
use std::convert::Infallible;
use std::sync::mpsc;
use std::thread;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/pipeline.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/03_channels/07_pipeline/src/pipeline.rs"]
mod yours;

harness::bench_main!("pipeline.rs", || {
    yours::stage([Ok::<_, ()>(1)].into_iter(), 1, Ok).count()
});

/// A row for each of the pipelines that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::Yours,
            reference = crate::Reference,
            crossbeam = crate::Crossbeam,
            std_mpsc = crate::StdMpsc,
        );
    };
}

const ITEMS: u64 = 10_000;
const CAPACITY: usize = 64;

/// One stage and its consumer: 10,000 items go through.
mod two_threads {
    use super::*;
    fn run<P: Pipeline>(bencher: divan::Bencher) {
        bencher.bench_local(|| P::sum(1));
    }

    rows!(run(sample_count = 30));
}

/// Seven stages and the consumer: oversubscribed, unless there are eight processors.
mod eight_threads {
    use super::*;
    fn run<P: Pipeline>(bencher: divan::Bencher) {
        bencher.bench_local(|| P::sum(7));
    }

    rows!(run(sample_count = 30));
}

/// What each stage does: next to nothing, so that the handing on is measured.
fn step(n: u64) -> u64 {
    divan::black_box(n) + 1
}

/// What all of them can do.
trait Pipeline {
    /// Sends the items through that many stages.
    fn sum(stages: usize) -> u64;
}

macro_rules! of_stages {
    ($($name:ident = $from:ident;)*) => {$(
        struct $name;
        impl Pipeline for $name {
            fn sum(stages: usize) -> u64 {
                let step = |n| Ok::<_, Infallible>(step(n));
                let mut last = $from::stage((0..ITEMS).map(Ok), CAPACITY, step);
                for _ in 1..stages {
                    last = $from::stage(last, CAPACITY, step);
                }
                last.map(|Ok(n)| n).sum()
            }
        }
    )*};
}

of_stages! {
    Yours = yours;
    Reference = reference;
}

macro_rules! by_hand {
    ($($name:ident = $bounded:path;)*) => {$(
        struct $name;
        impl Pipeline for $name {
            fn sum(stages: usize) -> u64 {
                let (sender, mut last) = $bounded(CAPACITY);
                thread::spawn(move || (0..ITEMS).try_for_each(|n| sender.send(step(n))));
                for _ in 1..stages {
                    let (sender, next) = $bounded(CAPACITY);
                    let input = std::mem::replace(&mut last, next);
                    thread::spawn(move || input.into_iter().try_for_each(|n| sender.send(step(n))));
                }
                last.into_iter().sum()
            }
        }
    )*};
}

by_hand! {
    Crossbeam = crossbeam_channel::bounded;
    StdMpsc = mpsc::sync_channel;
}
