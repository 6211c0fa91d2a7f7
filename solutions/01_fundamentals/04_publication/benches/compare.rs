//! Your cell, the reference and `std::sync::OnceLock`, side by side.
//!
//! `cargo bench -p publication_solution`
//!
//! All three hold a `u64` in the cell itself, and for each of them a `get` is a load, a comparison and a read.
//! `OnceLock::set` has more to do than `publish`: it keeps account of threads that wait in `get_or_init`, and
//! wakes them. Cells are made and dropped outside the time that is measured.

use divan::{Bencher, black_box};
#[allow(unused_imports, reason = "your file starts without it")]
use harness::sync::real as sync;
use publication_solution as reference;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::OnceLock;

#[allow(dead_code)]
#[path = "../../../../exercises/01_fundamentals/04_publication/src/publication.rs"]
mod yours;

fn main() {
    divan::main();
}

/// One look at a published value.
#[divan::bench(args = contenders())]
fn get(bencher: Bencher, contender: Contender) {
    fn run<C: WriteOnce>(bencher: Bencher) {
        let cell = C::filled();
        bencher.bench_local(|| *black_box(&cell).get().unwrap());
    }
    match contender {
        Contender::Yours => run::<yours::Publication<u64>>(bencher),
        Contender::Reference => run::<reference::Publication<u64>>(bencher),
        Contender::OnceLock => run::<OnceLock<u64>>(bencher),
    }
}

/// Two threads at once, each looking at the same cell: reading does not get slower by company.
#[divan::bench(args = contenders(), threads = [2])]
fn get_by_two_threads(bencher: Bencher, contender: Contender) {
    fn run<C: WriteOnce>(bencher: Bencher) {
        let cell = C::filled();
        bencher.bench(|| *black_box(&cell).get().unwrap());
    }
    match contender {
        Contender::Yours => run::<yours::Publication<u64>>(bencher),
        Contender::Reference => run::<reference::Publication<u64>>(bencher),
        Contender::OnceLock => run::<OnceLock<u64>>(bencher),
    }
}

/// The one publisher that wins.
#[divan::bench(args = contenders())]
fn publish(bencher: Bencher, contender: Contender) {
    fn run<C: WriteOnce>(bencher: Bencher) {
        bencher
            .with_inputs(C::new)
            .bench_local_refs(|cell| cell.publish(black_box(1)));
    }
    match contender {
        Contender::Yours => run::<yours::Publication<u64>>(bencher),
        Contender::Reference => run::<reference::Publication<u64>>(bencher),
        Contender::OnceLock => run::<OnceLock<u64>>(bencher),
    }
}

/// A publisher that comes too late. `OnceLock` is ahead here: it looks with a load before it tries anything,
/// where the reference goes straight to its exchange, which takes the cache line from the readers even when it
/// fails. Put a load in front of yours and run this again; whether a refusal deserves it is for you to judge.
#[divan::bench(args = contenders())]
fn publish_refused(bencher: Bencher, contender: Contender) {
    fn run<C: WriteOnce>(bencher: Bencher) {
        let cell = C::filled();
        bencher.bench_local(|| black_box(&cell).publish(black_box(2)));
    }
    match contender {
        Contender::Yours => run::<yours::Publication<u64>>(bencher),
        Contender::Reference => run::<reference::Publication<u64>>(bencher),
        Contender::OnceLock => run::<OnceLock<u64>>(bencher),
    }
}

#[derive(Clone, Copy)]
enum Contender {
    Yours,
    Reference,
    OnceLock,
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Contender::Yours => "yours",
            Contender::Reference => "reference",
            Contender::OnceLock => "std OnceLock",
        })
    }
}

/// The rows of every table: without yours as long as a `todo!()` is left in what the benches call.
fn contenders() -> Vec<Contender> {
    static YOURS_RUNS: OnceLock<bool> = OnceLock::new();
    let yours_runs = *YOURS_RUNS.get_or_init(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(|_| ()));
        let result = panic::catch_unwind(AssertUnwindSafe(|| {
            let cell = <yours::Publication<u64> as WriteOnce>::filled();
            assert_eq!(cell.publish(2), Err(2));
            assert_eq!(cell.get(), Some(&1));
        }));
        panic::set_hook(hook);
        if result.is_err() {
            eprintln!("Your publication.rs is not finished: the rows called `yours` are left out.");
        }
        result.is_ok()
    });
    let mut all = vec![Contender::Reference, Contender::OnceLock];
    if yours_runs {
        all.insert(0, Contender::Yours);
    }
    all
}

/// What the three have in common.
trait WriteOnce: Sync + Sized {
    fn new() -> Self;
    fn publish(&self, value: u64) -> Result<(), u64>;
    fn get(&self) -> Option<&u64>;

    fn filled() -> Self {
        let cell = Self::new();
        cell.publish(1).expect("nobody else publishes");
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
