//! Your timers, the reference, and two designs that come to mind first: a thread for each timer, and a heap
//! in which a timer that is stopped stays until its deadline. Beside them crossbeam's `after`, which has
//! neither a thread nor a `stop`: the receiver itself looks at the clock.
//!
//! `cargo bench -p timer_solution`

#![allow(missing_docs)]

use channels::real as channel;
use harness::sync::real as sync;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Instant;
use sync::time::{Clock, Duration};

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/timer.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/05_select/05_timer/src/timer.rs"]
mod yours;

harness::bench_main!("timer.rs", || {
    let timers = yours::Timers::new(Clock::real());
    let timer = timers.after(Duration::ZERO);
    let _ = timer.ticks().recv();
    timer.stop();
});

const HOUR: Duration = Duration::from_secs(3600);

/// A timer is set and stopped, as for each request that is answered in time. The argument says how many
/// others are running.
mod set_and_stop {
    use super::*;

    fn run<T: Contender>(bencher: divan::Bencher, others: u32) {
        let timers = T::new();
        let running: Vec<_> = (0..others)
            .map(|n| timers.set(HOUR + n * Duration::from_micros(7)))
            .collect();
        bencher.bench_local(|| timers.set(HOUR + Duration::from_secs(1)).stop());
        drop(running);
    }

    macro_rules! row {
        ($($name:ident = $contender:ident, $others:expr;)*) => {$(
            #[divan::bench(args = $others, sample_count = 50, sample_size = 1000)]
            fn $name(bencher: divan::Bencher, others: u32) {
                run::<$contender>(bencher, others);
            }
        )*};
    }

    row! {
        yours = Yours, [0, 100_000];
        reference = Reference, [0, 100_000];
        heap_with_tombstones = Tombstones, [0, 100_000];
        crossbeam_after = CrossbeamAfter, [0, 100_000];
    }

    /// A hundred times fewer, and no others.
    #[divan::bench(args = [0], sample_count = 50, sample_size = 10)]
    fn thread_per_timer(bencher: divan::Bencher, others: u32) {
        run::<Threads>(bencher, others);
    }
}

/// A hundred thousand timers are set and stopped, and then all are dropped.
mod a_hundred_thousand {
    use super::*;

    fn run<T: Contender>(bencher: divan::Bencher) {
        bencher.bench_local(|| {
            let timers = T::new();
            for n in 0..100_000 {
                timers.set(HOUR + n * Duration::from_micros(7)).stop();
            }
        });
    }

    harness::bench_rows!(run(sample_count = 10, sample_size = 1);
        yours = crate::Yours,
        reference = crate::Reference,
        heap_with_tombstones = crate::Tombstones,
        crossbeam_after = crate::CrossbeamAfter,
    );
}

/// A timer that is due at once: until its tick is received.
mod fire {
    use super::*;

    fn run<T: Contender>(bencher: divan::Bencher) {
        let timers = T::new();
        let _running = timers.set(HOUR);
        bencher.bench_local(|| timers.set(Duration::ZERO).wait());
    }

    harness::bench_rows!(run(sample_count = 50, sample_size = 100);
        yours = crate::Yours,
        reference = crate::Reference,
        heap_with_tombstones = crate::Tombstones,
        thread_per_timer = crate::Threads,
        crossbeam_after = crate::CrossbeamAfter,
    );
}

/// Eight threads set and stop timers of one set: oversubscribed, unless there are eight processors.
mod eight_threads {
    use super::*;

    fn run<T: Contender + Sync>(bencher: divan::Bencher) {
        let timers = T::new();
        let _running = timers.set(HOUR);
        bencher.bench_local(|| {
            harness::bench::together(8, || {
                for n in 0..1000 {
                    timers.set(HOUR + n * Duration::from_micros(7)).stop();
                }
            });
        });
    }

    harness::bench_rows!(run(sample_count = 20, sample_size = 1);
        yours = crate::Yours,
        reference = crate::Reference,
        heap_with_tombstones = crate::Tombstones,
        crossbeam_after = crate::CrossbeamAfter,
    );
}

trait Contender {
    type Timer: OneTimer;
    fn new() -> Self;
    fn set(&self, delay: Duration) -> Self::Timer;
}

trait OneTimer {
    fn stop(self);
    fn wait(self);
}

macro_rules! of_timers {
    ($($name:ident = $file:ident;)*) => {$(
        struct $name($file::Timers);
        impl Contender for $name {
            type Timer = $file::Timer;
            fn new() -> Self {
                Self($file::Timers::new(Clock::real()))
            }
            fn set(&self, delay: Duration) -> Self::Timer {
                self.0.after(delay)
            }
        }
        impl OneTimer for $file::Timer {
            fn stop(self) {
                $file::Timer::stop(&self);
            }
            fn wait(self) {
                let _ = self.ticks().recv();
            }
        }
    )*};
}

of_timers! {
    Yours = yours;
    Reference = reference;
}

/// A thread for each timer, which sleeps until its deadline.
struct Threads;

struct Thread(JoinHandle<()>, mpsc::Receiver<Instant>);

impl Contender for Threads {
    type Timer = Thread;
    fn new() -> Self {
        Self
    }
    fn set(&self, delay: Duration) -> Thread {
        let (sender, ticks) = mpsc::sync_channel(1);
        let thread = thread::spawn(move || {
            thread::park_timeout(delay);
            let _ = sender.send(Instant::now());
        });
        Thread(thread, ticks)
    }
}

impl OneTimer for Thread {
    fn stop(self) {
        self.0.thread().unpark();
        let _ = self.0.join();
    }
    fn wait(self) {
        let _ = self.1.recv();
    }
}

/// One thread and a binary heap: a timer that is stopped is marked, and stays in the heap until its deadline.
struct Tombstones(Arc<(Mutex<Heap>, Condvar)>);

#[derive(Default)]
struct Heap {
    deadlines: BinaryHeap<Reverse<Entry>>,
    is_closed: bool,
}

struct Entry {
    at: Instant,
    sender: mpsc::SyncSender<Instant>,
    is_stopped: Arc<AtomicBool>,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

struct Marked(Arc<AtomicBool>, mpsc::Receiver<Instant>);

impl Contender for Tombstones {
    type Timer = Marked;
    fn new() -> Self {
        let shared: Arc<(Mutex<Heap>, Condvar)> = Arc::default();
        let own = Arc::clone(&shared);
        thread::spawn(move || {
            let mut heap = own.0.lock().expect("no panic");
            while !heap.is_closed {
                let now = Instant::now();
                match heap.deadlines.peek() {
                    Some(Reverse(first)) if first.at <= now => {
                        let Some(Reverse(first)) = heap.deadlines.pop() else {
                            continue;
                        };
                        if !first.is_stopped.load(Relaxed) {
                            let _ = first.sender.try_send(now);
                        }
                    }
                    Some(Reverse(first)) => {
                        let left = first.at - now;
                        heap = own.1.wait_timeout(heap, left).expect("no panic").0;
                    }
                    None => heap = own.1.wait(heap).expect("no panic"),
                }
            }
        });
        Self(shared)
    }
    fn set(&self, delay: Duration) -> Marked {
        let (sender, ticks) = mpsc::sync_channel(1);
        let is_stopped = Arc::new(AtomicBool::new(false));
        let entry = Entry {
            at: Instant::now() + delay,
            sender,
            is_stopped: Arc::clone(&is_stopped),
        };
        let at = entry.at;
        let mut heap = self.0.0.lock().expect("no panic");
        heap.deadlines.push(Reverse(entry));
        let is_first = heap.deadlines.peek().is_some_and(|first| first.0.at == at);
        drop(heap);
        if is_first {
            self.0.1.notify_one();
        }
        Marked(is_stopped, ticks)
    }
}

impl Drop for Tombstones {
    fn drop(&mut self) {
        self.0.0.lock().expect("no panic").is_closed = true;
        self.0.1.notify_one();
    }
}

impl OneTimer for Marked {
    fn stop(self) {
        self.0.store(true, Relaxed);
    }
    fn wait(self) {
        let _ = self.1.recv();
    }
}

/// crossbeam's: the receiver has a deadline in it.
struct CrossbeamAfter;

impl Contender for CrossbeamAfter {
    type Timer = crossbeam_channel::Receiver<Instant>;
    fn new() -> Self {
        Self
    }
    fn set(&self, delay: Duration) -> Self::Timer {
        crossbeam_channel::after(delay)
    }
}

impl OneTimer for crossbeam_channel::Receiver<Instant> {
    fn stop(self) {}
    fn wait(self) {
        let _ = self.recv();
    }
}
