//! A thousand items of a few microseconds each, on two workers: yours and the reference against a loop on one thread,
//! rayon's `par_bridge`, the same with std's `mpsc` channel under a lock, the way it is often written, and the design in
//! which each worker has a channel for its results, and a thread that forwards them.

#![allow(missing_docs)]

use divan::{Bencher, black_box};
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;
use harness::sync::real::channel::{Receiver, bounded};
use rayon::iter::{ParallelBridge, ParallelIterator};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use fan_out_fan_in_solution as reference;

#[allow(dead_code)]
#[path = "../../../../exercises/03_channels/06_fan_out_fan_in/src/fan_out_fan_in.rs"]
mod yours;

harness::bench_main!("fan_out_fan_in.rs", || yours::fan_out(items(2), 1, work)
    .count());

const ITEMS: u64 = 1_000;
const WORKERS: usize = 2;

/// About two microseconds on a common machine.
fn work(item: u64) -> u64 {
    (0..2_000).fold(item, |x, n| black_box(x.rotate_left(7) ^ n))
}

fn items(n: u64) -> Receiver<u64> {
    let (sender, receiver) = bounded(usize::try_from(n).expect("a small number"));
    (0..n).for_each(|item| sender.send(item).expect("there is room"));
    receiver
}

#[divan::bench]
fn yours(bencher: Bencher) {
    let run = |items| yours::fan_out(items, WORKERS, work).fold(0, u64::wrapping_add);
    bencher.with_inputs(|| items(ITEMS)).bench_local_values(run);
}

#[divan::bench]
fn reference(bencher: Bencher) {
    let run = |items| reference::fan_out(items, WORKERS, work).fold(0, u64::wrapping_add);
    bencher.with_inputs(|| items(ITEMS)).bench_local_values(run);
}

#[divan::bench]
fn one_thread(bencher: Bencher) {
    let run = |items: Receiver<u64>| items.iter().map(work).fold(0, u64::wrapping_add);
    bencher.with_inputs(|| items(ITEMS)).bench_local_values(run);
}

#[divan::bench]
fn rayon(bencher: Bencher) {
    let run = |items: Receiver<u64>| {
        items
            .iter()
            .par_bridge()
            .map(work)
            .reduce(|| 0, u64::wrapping_add)
    };
    bencher.with_inputs(|| items(ITEMS)).bench_local_values(run);
}

#[divan::bench]
fn forwarders(bencher: Bencher) {
    let run = |items: Receiver<u64>| {
        let (output, results) = bounded(0);
        for _ in 0..WORKERS {
            let (items, (own, from_worker)) = (items.clone(), bounded(0));
            thread::spawn(move || {
                let mut results = items.iter().map(work);
                results.try_for_each(|result| own.send(result))
            });
            let output = output.clone();
            thread::spawn(move || {
                from_worker
                    .iter()
                    .try_for_each(|result| output.send(result))
            });
        }
        drop(output);
        results.iter().fold(0, u64::wrapping_add)
    };
    bencher.with_inputs(|| items(ITEMS)).bench_local_values(run);
}

#[divan::bench]
fn std_mpsc(bencher: Bencher) {
    let run = |items: mpsc::Receiver<u64>| {
        let items = Arc::new(Mutex::new(items));
        let (output, results) = mpsc::sync_channel(0);
        for _ in 0..WORKERS {
            let (items, output) = (Arc::clone(&items), output.clone());
            thread::spawn(move || {
                while let Ok(item) = { items.lock().unwrap().recv() } {
                    output.send(work(item)).expect("somebody receives");
                }
            });
        }
        drop(output);
        results.iter().fold(0, u64::wrapping_add)
    };
    let items = || {
        let (sender, receiver) = mpsc::channel();
        (0..ITEMS).for_each(|item| sender.send(item).expect("a receiver is there"));
        receiver
    };
    bencher.with_inputs(items).bench_local_values(run);
}
