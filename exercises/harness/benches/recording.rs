//! What the record of every step costs the search, on a model of 10,000 interleavings: with it, as always, and
//! without. Compare the two figures of one run; they mean nothing by themselves.
//!
//! `cargo bench -p harness --bench recording`

use harness::Model;
use harness::sync::model::{
    Mutex,
    atomic::{AtomicUsize, Ordering::*},
    thread,
};

fn main() {
    // Said once, so that nobody has to believe the number.
    let explored = explore(Model::new());
    println!("{explored} interleavings each");
    divan::main();
}

/// Three threads, a lock and an atomic: a usual mixture.
fn explore(model: Model) -> usize {
    let explored = model.explore(|| {
        let (total, seen) = (Mutex::new(0), AtomicUsize::new(0));
        thread::scope(|s| {
            for _ in 0..2 {
                s.spawn(|| {
                    seen.fetch_add(1, AcqRel);
                    *total.lock() += 1;
                    seen.load(Acquire);
                });
            }
            seen.fetch_add(1, AcqRel);
            *total.lock() += 1;
        });
        assert_eq!(*total.lock(), 3);
    });
    explored.expect("it is right").coverage.interleavings
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn recorded() -> usize {
    explore(Model::new())
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn not_recorded() -> usize {
    explore(Model::new().without_recording())
}
