//! Your gate, the reference, and the same gate from std's mutex and condition variable.
//!
//! `cargo bench -p gate_solution`

use divan::{Bencher, black_box};
#[allow(unused_imports, reason = "your file may do without")]
use harness::sync::real as sync;
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::thread;
use sync::time::{Clock, Duration};

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/gate.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/02_goroutines/07_gate/src/gate.rs"]
mod yours;

harness::bench_main!("gate.rs", || {
    let gate = yours::Gate::new();
    let _open = gate.wait_timeout(&Clock::real(), Duration::ZERO);
    gate.open();
    gate.wait();
});

/// A row for each of the types that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::yours::Gate,
            reference = crate::reference::Gate,
            std = crate::StdGate,
        );
    };
}

/// A late thread, which passes. `t=2`: two threads at one gate, each without a pause. They slow each other
/// down, because checking the gate takes the lock.
mod pass {
    use super::*;
    fn run<G: StartGate>(bencher: Bencher) {
        let gate = G::new();
        gate.open();
        bencher.bench(|| black_box(&gate).wait());
    }

    rows!(run(threads = [1, 2], sample_size = 10_000));
}

/// A late thread with a timeout, which reads the clock in vain.
mod pass_with_time_out {
    use super::*;
    fn run<G: StartGate>(bencher: Bencher) {
        let clock = Clock::real();
        let gate = G::new();
        gate.open();
        bencher.bench(|| black_box(&gate).wait_timeout(&clock, Duration::from_secs(1)));
    }

    rows!(run(sample_size = 10_000));
}

/// A timeout of 100 µs that passes. What a row takes beyond that is what the operating system adds to a
/// sleep.
mod time_out {
    use super::*;
    fn run<G: StartGate>(bencher: Bencher) {
        let clock = Clock::real();
        let gate = G::new();
        bencher.bench(|| gate.wait_timeout(&clock, Duration::from_micros(100)));
    }

    rows!(run());
}

/// The gate opens before four threads that sleep or are about to, and the row ends when all of them have
/// passed. They are spawned outside the measured time. std wakes all sleepers at once. The facade's
/// condition variable, which is parking_lot's, wakes one and queues the others for the lock, so each is
/// woken by the one before it.
mod release {
    use super::*;
    const THREADS: usize = 4;

    fn run<G: StartGate + 'static>(bencher: Bencher) {
        let prepare = || {
            let gate = Arc::new((G::new(), Barrier::new(THREADS + 1)));
            let threads: Vec<_> = (0..THREADS)
                .map(|_| {
                    let gate = Arc::clone(&gate);
                    thread::spawn(move || {
                        gate.1.wait();
                        gate.0.wait();
                    })
                })
                .collect();
            gate.1.wait();
            (gate, threads)
        };
        bencher
            .with_inputs(prepare)
            .bench_local_values(|(gate, threads)| {
                gate.0.open();
                for thread in threads {
                    thread.join().expect("`wait` does not panic");
                }
            });
    }

    rows!(run());
}

/// The gate as one would write it without the facade.
struct StdGate {
    is_open: Mutex<bool>,
    opened: Condvar,
}

/// What all three can do.
trait StartGate: Sync + Send {
    fn new() -> Self;
    fn open(&self);
    fn wait(&self);
    fn wait_timeout(&self, clock: &Clock, timeout: Duration) -> bool;
}

macro_rules! start_gate {
    ($($gate:ty,)*) => {$(
        impl StartGate for $gate {
            fn new() -> Self {
                <$gate>::new()
            }
            fn open(&self) {
                <$gate>::open(self);
            }
            #[inline(always)]
            fn wait(&self) {
                <$gate>::wait(self);
            }
            #[inline(always)]
            fn wait_timeout(&self, clock: &Clock, timeout: Duration) -> bool {
                <$gate>::wait_timeout(self, clock, timeout)
            }
        }
    )*};
}

start_gate! {
    yours::Gate,
    reference::Gate,
}

impl StartGate for StdGate {
    fn new() -> Self {
        Self {
            is_open: Mutex::new(false),
            opened: Condvar::new(),
        }
    }

    fn open(&self) {
        *self.is_open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    #[inline(always)]
    fn wait(&self) {
        let is_open = self.is_open.lock().unwrap();
        drop(self.opened.wait_while(is_open, |open| !*open).unwrap());
    }

    #[inline(always)]
    fn wait_timeout(&self, _: &Clock, timeout: Duration) -> bool {
        let is_open = self.is_open.lock().unwrap();
        let shut = |open: &mut bool| !*open;
        *self
            .opened
            .wait_timeout_while(is_open, timeout, shut)
            .unwrap()
            .0
    }
}
