//! Your once, the reference, std's and parking_lot's, at the same work.
//!
//! `cargo bench -p once_solution`
//!
//! std's and parking_lot's do a little more: they remember a panic, and then refuse later calls.

use divan::{Bencher, black_box};
#[allow(unused_imports, reason = "your file starts without it")]
use harness::sync::real as sync;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/once.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/02_goroutines/04_once/src/once.rs"]
mod yours;

harness::bench_main!("once.rs", || yours::Once::new().call_once(|| {}));

/// A row for each of the types that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::yours::Once,
            reference = crate::reference::Once,
            std = std::sync::Once,
            parking_lot = parking_lot::Once,
        );
    };
}

/// A call after the function has ended, which is what nearly all calls are. `t=2`: two threads at one once,
/// each without a pause. They only load, so neither slows the other down.
mod done {
    use super::*;
    fn run<O: CallOnce>(bencher: Bencher) {
        let once = O::new();
        once.call_once(|| {});
        bencher.bench(|| black_box(&once).call_once(|| unreachable!("it has been run")));
    }

    rows!(run(threads = [1, 2], sample_size = 50_000));
}

/// The first call, with no other thread. The once is made outside the measured time.
mod first {
    use super::*;
    fn run<O: CallOnce>(bencher: Bencher) {
        let runs = AtomicUsize::new(0);
        bencher
            .with_inputs(O::new)
            .bench_local_refs(|once| once.call_once(|| runs.store(1, Relaxed)));
    }

    rows!(run());
}

/// Two threads walk along the same 10,000 new onces and meet at many of them: one runs the function, and
/// the other waits for it or comes just after. The time includes spawning and joining the two.
mod meeting {
    use super::*;
    const THREADS: usize = 2;
    const ONCES: usize = 10_000;

    fn run<O: CallOnce>(bencher: Bencher) {
        let new = || (0..ONCES).map(|_| O::new()).collect::<Vec<_>>();
        bencher.with_inputs(new).bench_local_refs(|onces| {
            let start = Barrier::new(THREADS);
            let runs = AtomicUsize::new(0);
            thread::scope(|s| {
                for _ in 0..THREADS {
                    s.spawn(|| {
                        start.wait();
                        for once in onces.iter() {
                            once.call_once(|| {
                                runs.fetch_add(1, Relaxed);
                            });
                        }
                    });
                }
            });
            assert_eq!(runs.into_inner(), ONCES);
        });
    }

    rows!(run());
}

/// What all four can do.
trait CallOnce: Sync + Send {
    fn new() -> Self;
    fn call_once(&self, f: impl FnOnce());
}

macro_rules! call_once {
    ($($once:ty,)*) => {$(
        impl CallOnce for $once {
            fn new() -> Self {
                <$once>::new()
            }
            #[inline(always)]
            fn call_once(&self, f: impl FnOnce()) {
                <$once>::call_once(self, f);
            }
        }
    )*};
}

call_once! {
    yours::Once,
    reference::Once,
    std::sync::Once,
    parking_lot::Once,
}
