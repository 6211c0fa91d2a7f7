//! Your cell, the reference and `std::sync::OnceLock`, side by side.
//!
//! `cargo bench -p publication_solution`
//!
//! All three hold a `u64` in the cell itself, and for each of them, a `get` is a load, a comparison and a
//! read. `OnceLock::set` has more to do than `publish`: it keeps track of threads that wait in
//! `get_or_init`, and wakes them. Cells are made and dropped outside the measured time.

use divan::{Bencher, black_box};
#[allow(unused_imports, reason = "your file starts without it")]
use harness::sync::real as sync;
use publication_solution as reference;
use std::sync::OnceLock;

#[allow(dead_code)]
#[path = "../../../../exercises/01_fundamentals/04_publication/src/publication.rs"]
mod yours;

harness::bench_main!("publication.rs", || {
    let cell = <yours::Publication<u64> as WriteOnce>::filled();
    assert_eq!((cell.publish(2), cell.get()), (Err(2), Some(&1)));
});

/// A row for each of the types that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::yours::Publication<u64>,
            reference = crate::reference::Publication<u64>,
            std_once_lock = std::sync::OnceLock<u64>,
        );
    };
}

/// One read of a published value.
mod get {
    use super::*;
    fn run<C: WriteOnce>(bencher: Bencher) {
        let cell = C::filled();
        bencher.bench_local(|| *black_box(&cell).get().unwrap());
    }

    rows!(run());
}

/// Two threads at once, each reading the same cell: readers do not slow each other down.
mod get_by_two_threads {
    use super::*;
    fn run<C: WriteOnce>(bencher: Bencher) {
        let cell = C::filled();
        bencher.bench(|| *black_box(&cell).get().unwrap());
    }

    rows!(run(threads = [2]));
}

/// The one publisher that wins.
mod publish {
    use super::*;
    fn run<C: WriteOnce>(bencher: Bencher) {
        bencher
            .with_inputs(C::new)
            .bench_local_refs(|cell| cell.publish(black_box(1)));
    }

    rows!(run());
}

/// A publisher that comes too late. `OnceLock` is faster here: it loads the state before it tries anything,
/// but the reference goes straight to its exchange, which takes the cache line from the readers even if it
/// fails. Put a load in front of yours and run this again. Is that worth it for a refusal? You decide.
mod publish_refused {
    use super::*;
    fn run<C: WriteOnce>(bencher: Bencher) {
        let cell = C::filled();
        bencher.bench_local(|| black_box(&cell).publish(black_box(2)));
    }

    rows!(run());
}

/// What all three can do.
trait WriteOnce: Sync + Sized {
    fn new() -> Self;
    fn publish(&self, value: u64) -> Result<(), u64>;
    fn get(&self) -> Option<&u64>;

    fn filled() -> Self {
        let cell = Self::new();
        cell.publish(1).expect("no other call publishes");
        cell
    }
}

macro_rules! write_once {
    ($($cell:ty: $publish:ident,)*) => {$(
        impl WriteOnce for $cell {
            fn new() -> Self {
                <$cell>::new()
            }
            #[inline(always)]
            fn publish(&self, value: u64) -> Result<(), u64> {
                <$cell>::$publish(self, value)
            }
            #[inline(always)]
            fn get(&self) -> Option<&u64> {
                <$cell>::get(self)
            }
        }
    )*};
}

write_once! {
    yours::Publication<u64>: publish,
    reference::Publication<u64>: publish,
    OnceLock<u64>: set,
}
