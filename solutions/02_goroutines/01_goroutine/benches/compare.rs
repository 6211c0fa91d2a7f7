//! What a thread costs: its time beside a plain call, its memory, and the price of the handle.
//!
//! `cargo bench -p goroutine_solution`
//!
//! The memory is measured first, and only on Linux: it is read from /proc. The times follow. All handles
//! use the same kind of thread, so `yours`, `reference` and `std` differ only by what the handle adds. If a
//! thread is spawned, that is less than the difference between two runs of the same row.

#![allow(missing_docs)]

#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;

// Both are included by path, and so compiled alike.
#[allow(dead_code)]
#[path = "../src/goroutine.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/02_goroutines/01_goroutine/src/goroutine.rs"]
mod yours;

harness::bench_main!("goroutine.rs", join_one, memory::report);

fn join_one() -> bool {
    let handle = yours::go(|| ());
    handle.is_finished();
    handle.join().is_ok()
}

/// A row for each of the functions that spawn.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::yours::go,
            reference = crate::reference::go,
            std = ::std::thread::spawn,
        );
    };
}

/// A function runs and its result is fetched: by a plain call, or on a thread of its own.
mod spawn_and_join {
    use divan::black_box;

    fn work(n: u64) -> u64 {
        n + 1
    }

    #[divan::bench]
    fn plain_call(bencher: divan::Bencher) {
        // The call itself must be there: the optimiser cannot see through the pointer.
        let work: fn(u64) -> u64 = black_box(work);
        bencher.bench_local(|| work(black_box(1)));
    }

    macro_rules! run {
        ($bencher:ident, $spawn:path) => {
            $bencher.bench_local(|| {
                let n = black_box(1);
                $spawn(move || work(n)).join().unwrap()
            });
        };
    }
    rows!(run!());
}

/// Sixteen are started, and then all are joined.
mod sixteen_at_once {
    macro_rules! run {
        ($bencher:ident, $spawn:path) => {
            $bencher.bench_local(|| {
                let handles: [_; 16] = std::array::from_fn(|n| $spawn(move || n));
                handles.map(|handle| handle.join().unwrap())
            });
        };
    }
    rows!(run!());
}

/// The result has been there for a while when it is joined. Here std does more: its `join` frees the stack
/// of the thread, but a thread that is not joined frees its own stack as it ends.
mod join_late {
    macro_rules! run {
        ($bencher:ident, $spawn:path) => {
            $bencher
                .with_inputs(|| {
                    let handle = $spawn(|| 1);
                    while !handle.is_finished() {
                        std::thread::yield_now();
                    }
                    handle
                })
                .bench_local_values(|handle| handle.join().unwrap());
        };
    }

    // A sample holds all its threads at once: none of std's has released its stack before it is joined.
    rows!(run!(sample_size = 16));
}

/// The memory of threads that do nothing: read from /proc before and after many of them are there.
mod memory {
    use std::sync::{Arc, Condvar, Mutex};
    use std::thread::{self, Builder};
    use std::{fs, io, iter};

    /// How many threads are measured at once.
    const THREADS: usize = 1_000;

    /// Prints the table, except where cargo only tests the bench.
    pub(crate) fn report() {
        if !std::env::args().any(|arg| arg == "--bench") {
            return;
        }
        if let Err(error) = table() {
            println!("the memory of a thread cannot be measured here: {error}");
        }
        println!();
    }

    fn table() -> io::Result<()> {
        let rows = [
            ("asleep, with the default stack", asleep(Builder::new)?),
            (
                "asleep, with 64 KiB of stack",
                asleep(|| Builder::new().stack_size(64 << 10))?,
            ),
            ("ended, std's handle kept", ended(thread::spawn)?),
            (
                "ended, the reference's handle kept",
                ended(crate::reference::go)?,
            ),
        ];
        let row = |what: &str, columns: [&str; 4]| {
            let [space, resident, tables, kernel] = columns;
            println!("{what:35}{space:>9}{resident:>9}{tables:>9}{kernel:>9}");
        };
        row("KiB a thread,", ["address", "", "page", "kernel"]);
        let over = format!("over {THREADS} threads");
        row(&over, ["space", "in RAM", "tables", "stack"]);
        for (what, cost) in rows {
            // A zero is added so that the table shows no "-0.0".
            let cost = cost.map(|kib| format!("{:.1}", (kib * 10.0).round() / 10.0 + 0.0));
            row(what, cost.each_ref().map(String::as_str));
        }
        println!(
            "(The kernel's stacks are counted for the whole machine, other programs included.)"
        );
        Ok(())
    }

    /// Threads that sleep on a condition variable.
    fn asleep(builder: impl Fn() -> Builder) -> io::Result<[f64; 4]> {
        let herd = Arc::new(Herd::default());
        let sleeper = || {
            let herd = Arc::clone(&herd);
            builder().spawn(move || herd.sleep())
        };
        // glibc gives each of the first threads that allocate an arena of 64 MiB of address space, up to eight a
        // processor, and hands out the stacks of threads that have ended. The first threads use up both.
        let first = 64 + 8 * thread::available_parallelism().map_or(1, usize::from);
        let mut handles = Vec::new();
        let cost = (|| {
            let mut before = None;
            for n in [first, THREADS] {
                before = Some(Usage::now()?);
                for handle in iter::repeat_with(sleeper).take(n) {
                    handles.push(handle?);
                }
                herd.wait_until_asleep(handles.len());
            }
            Ok(Usage::now()?.since(&before.expect("two rounds")))
        })();
        herd.wake();
        for handle in handles {
            handle.join().expect("a sleeper does not panic");
        }
        cost
    }

    /// Threads that have ended, with handles that have not been joined or dropped yet.
    fn ended<H>(spawn: impl Fn(fn()) -> H) -> io::Result<[f64; 4]> {
        let before = Usage::now()?;
        let handles: Vec<H> = (0..THREADS).map(|_| spawn(|| ())).collect();
        loop {
            let now = Usage::now()?;
            if now.threads <= before.threads {
                drop(handles);
                return Ok(now.since(&before));
            }
            thread::yield_now();
        }
    }

    /// Threads that sleep until they are all woken.
    #[derive(Default)]
    struct Herd {
        state: Mutex<State>,
        changed: Condvar,
    }

    #[derive(Default)]
    struct State {
        asleep: usize,
        woken: bool,
    }

    impl Herd {
        fn sleep(&self) {
            let mut state = self.state.lock().unwrap();
            state.asleep += 1;
            self.changed.notify_all();
            drop(self.changed.wait_while(state, |state| !state.woken));
        }

        fn wait_until_asleep(&self, n: usize) {
            let state = self.state.lock().unwrap();
            drop(self.changed.wait_while(state, |state| state.asleep < n));
        }

        fn wake(&self) {
            self.state.lock().unwrap().woken = true;
            self.changed.notify_all();
        }
    }

    /// What the process uses now, in KiB.
    struct Usage {
        kib: [u64; 4],
        threads: u64,
    }

    impl Usage {
        fn now() -> io::Result<Self> {
            let status = fs::read_to_string("/proc/self/status")?;
            let meminfo = fs::read_to_string("/proc/meminfo")?;
            Ok(Self {
                kib: [
                    field(&status, "VmSize:")?,
                    field(&status, "VmRSS:")?,
                    field(&status, "VmPTE:")?,
                    field(&meminfo, "KernelStack:")?,
                ],
                threads: field(&status, "Threads:")?,
            })
        }

        /// Returns what each of the [`THREADS`] has added.
        fn since(&self, before: &Self) -> [f64; 4] {
            std::array::from_fn(|n| (self.kib[n] as f64 - before.kib[n] as f64) / THREADS as f64)
        }
    }

    fn field(text: &str, name: &str) -> io::Result<u64> {
        text.lines()
            .find_map(|line| {
                line.strip_prefix(name)?
                    .split_whitespace()
                    .next()?
                    .parse()
                    .ok()
            })
            .ok_or_else(|| io::Error::other(format!("no {name} in /proc")))
    }
}
