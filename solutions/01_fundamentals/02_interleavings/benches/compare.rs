//! There is nothing to make fast in this lesson: your sets and the reference's are written down, not
//! computed. If you compute yours, `six_sets` shows how long that takes.
//!
//! The other groups are about the programs: what a thread pays, alone, for the step that rules outcomes
//! out.
//!
//! `cargo bench -p interleavings_solution`

#![allow(missing_docs)]

use interleavings_solution as reference;

#[allow(dead_code)]
#[path = "../../../../exercises/01_fundamentals/02_interleavings/src/interleavings.rs"]
mod yours;

macro_rules! six_sets {
    ($of:ident) => {
        (
            $of::increments_by_load_and_store(),
            $of::increments_by_fetch_add(),
            $of::store_buffering_relaxed(),
            $of::store_buffering_fenced(),
            $of::message_passing_relaxed(),
            $of::message_passing_release_acquire(),
        )
    };
}

harness::bench_main!("interleavings.rs", || six_sets!(yours));

/// All six sets, made and dropped.
mod six_sets {
    use super::{reference, yours};

    #[divan::bench(name = "yours")]
    fn of_yours() {
        divan::black_box(six_sets!(yours));
    }

    #[divan::bench(name = "reference")]
    fn of_reference() {
        divan::black_box(six_sets!(reference));
    }
}

/// One increment: two steps, or one.
mod increment {
    use divan::{Bencher, black_box};
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    #[divan::bench]
    fn load_and_store(bencher: Bencher) {
        let n = AtomicU32::new(0);
        bencher.bench_local(|| {
            let n = black_box(&n);
            n.store(n.load(Relaxed).wrapping_add(1), Relaxed);
        });
    }

    #[divan::bench]
    fn fetch_add(bencher: Bencher) {
        let n = AtomicU32::new(0);
        bencher.bench_local(|| black_box(&n).fetch_add(1, Relaxed));
    }
}

/// One side of store buffering: a store, then a load of another atomic.
mod store_then_load {
    use divan::{Bencher, black_box};
    use std::sync::atomic::{
        AtomicU32,
        Ordering::{Relaxed, SeqCst},
        fence,
    };

    #[divan::bench]
    fn relaxed(bencher: Bencher) {
        let memory = (AtomicU32::new(0), AtomicU32::new(0));
        bencher.bench_local(|| {
            let (x, y) = black_box(&memory);
            x.store(1, Relaxed);
            y.load(Relaxed)
        });
    }

    #[divan::bench]
    fn fenced(bencher: Bencher) {
        let memory = (AtomicU32::new(0), AtomicU32::new(0));
        bencher.bench_local(|| {
            let (x, y) = black_box(&memory);
            x.store(1, Relaxed);
            fence(SeqCst);
            y.load(Relaxed)
        });
    }
}

/// Both sides of message passing, one after the other.
mod send_and_look {
    use divan::{Bencher, black_box};
    use std::sync::atomic::{
        AtomicBool, AtomicU32,
        Ordering::{self, Acquire, Relaxed, Release},
    };

    #[divan::bench]
    fn relaxed(bencher: Bencher) {
        pass(bencher, Relaxed, Relaxed);
    }

    #[divan::bench]
    fn release_acquire(bencher: Bencher) {
        pass(bencher, Release, Acquire);
    }

    #[inline(always)]
    fn pass(bencher: Bencher, store: Ordering, load: Ordering) {
        let memory = (AtomicU32::new(0), AtomicBool::new(false));
        bencher.bench_local(|| {
            let (data, ready) = black_box(&memory);
            data.store(42, Relaxed);
            ready.store(true, store);
            (ready.load(load), data.load(Relaxed))
        });
    }
}
