//! Your `Arc`, the reference, one whose count is behind a lock, and std's, at the same work.
//!
//! `cargo bench -p arc_solution`

use divan::{Bencher, black_box};
#[allow(unused_imports, reason = "your file starts without it")]
use harness::sync::real as sync;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/arc.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/04_mutexes/07_arc/src/arc.rs"]
mod yours;

/// As the lesson's library has it.
const MAX_REFERENCES: usize = isize::MAX as usize;

harness::bench_main!("arc.rs", || {
    let mut one = yours::Arc::new(1);
    drop(yours::Arc::downgrade(&one.clone()).upgrade());
    (yours::Arc::get_mut(&mut one).copied(), *one)
});

/// A row for each of the types that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::yours::Arc<u64>,
            reference = crate::reference::Arc<u64>,
            count_behind_a_lock = crate::Locked,
            std = std::sync::Arc<u64>,
        );
    };
}

/// The same without the one that has no `Weak`.
macro_rules! rows_with_weak {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::yours::Arc<u64>,
            reference = crate::reference::Arc<u64>,
            std = std::sync::Arc<u64>,
        );
    };
}

/// A value is moved to the heap, and dropped.
mod new_and_drop {
    use super::*;
    fn run<A: Owner>(bencher: Bencher) {
        bencher.bench_local(|| A::new(black_box(7)));
    }

    rows!(run(sample_size = 1_000));
}

/// An owner more and an owner less, in one thread.
mod clone_and_drop {
    use super::*;
    fn run<A: Owner>(bencher: Bencher) {
        let one = A::new(7);
        bencher.bench_local(|| black_box(&one).clone());
    }

    rows!(run(sample_size = 10_000));
}

/// The same in two threads, 100,000 times each, all on one value.
mod two_threads {
    use super::*;
    fn run<A: Owner>(bencher: Bencher) {
        bencher.bench_local(|| together::<A>(2, 100_000));
    }

    rows!(run(sample_count = 20, sample_size = 1));
}

/// And in eight threads on whatever processors there are, 25,000 times each.
mod eight_threads {
    use super::*;
    fn run<A: Owner>(bencher: Bencher) {
        bencher.bench_local(|| together::<A>(8, 25_000));
    }

    rows!(run(sample_count = 20, sample_size = 1));
}

/// A `Weak` is upgraded, and the owner dropped.
mod upgrade_and_drop {
    use super::*;
    fn run<A: WithWeak>(bencher: Bencher) {
        let one = A::new(7);
        let weak = one.downgrade();
        bencher.bench_local(|| A::upgrade(black_box(&weak)));
    }

    rows_with_weak!(run(sample_size = 10_000));
}

/// A `Weak` is made, and dropped.
mod downgrade_and_drop {
    use super::*;
    fn run<A: WithWeak>(bencher: Bencher) {
        let one = A::new(7);
        bencher.bench_local(|| black_box(&one).downgrade());
    }

    rows_with_weak!(run(sample_size = 10_000));
}

/// The only owner asks for `&mut`, and gets it.
mod get_mut {
    use super::*;
    fn run<A: WithWeak>(bencher: Bencher) {
        let mut one = A::new(7);
        bencher.bench_local(|| black_box(&mut one).add());
    }

    rows_with_weak!(run(sample_size = 10_000));
}

/// Threads that start together, clone and drop.
fn together<A: Owner>(threads: usize, rounds: usize) {
    let one = A::new(7);
    harness::bench::together(threads, || {
        for _ in 0..rounds {
            black_box(one.clone());
        }
    });
}

/// What all of them can do.
trait Owner: Clone + Send + Sync {
    fn new(value: u64) -> Self;
}

trait WithWeak: Owner {
    type Weak;
    fn downgrade(&self) -> Self::Weak;
    fn upgrade(weak: &Self::Weak) -> Option<Self>;
    fn add(&mut self);
}

macro_rules! owners {
    ($($room:ident),*) => {$(
        impl Owner for $room::Arc<u64> {
            #[inline(always)]
            fn new(value: u64) -> Self {
                $room::Arc::new(value)
            }
        }

        impl WithWeak for $room::Arc<u64> {
            type Weak = $room::Weak<u64>;
            #[inline(always)]
            fn downgrade(&self) -> Self::Weak {
                $room::Arc::downgrade(self)
            }
            #[inline(always)]
            fn upgrade(weak: &Self::Weak) -> Option<Self> {
                weak.upgrade()
            }
            #[inline(always)]
            fn add(&mut self) {
                *$room::Arc::get_mut(self).expect("the only reference") += 1;
            }
        }
    )*};
}

mod of_std {
    pub use std::sync::{Arc, Weak};
}

owners!(yours, reference, of_std);

/// The first design: the count is a number behind a lock.
struct Locked(*mut (parking_lot::Mutex<usize>, u64));

// SAFETY: the count is behind a lock, and the number is only read.
unsafe impl Send for Locked {}
// SAFETY: as for sending.
unsafe impl Sync for Locked {}

impl Owner for Locked {
    fn new(value: u64) -> Self {
        Self(Box::into_raw(Box::new((1.into(), value))))
    }
}

impl Clone for Locked {
    fn clone(&self) -> Self {
        // SAFETY: this owner keeps the memory.
        *unsafe { &(*self.0).0 }.lock() += 1;
        Self(self.0)
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // SAFETY: this owner keeps the memory until it has counted itself out.
        let mut count = unsafe { &(*self.0).0 }.lock();
        *count -= 1;
        let is_last = *count == 0;
        drop(count);
        if is_last {
            // SAFETY: nobody is left.
            drop(unsafe { Box::from_raw(self.0) });
        }
    }
}
