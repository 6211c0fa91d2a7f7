//! Your thief, the reference, the designs that come to mind first, and crossbeam-deque's, at the same work.
//!
//! `cargo bench -p work_stealing_solution`
//!
//! A task is an `Arc`, in all of them. `crossbeam_fifo` hands out the oldest task first, as we do; `chase_lev` is
//! the same crate's other deque, whose owner works at one end while thieves take at the other.

use crossbeam_deque::{Steal, Worker};
use divan::Bencher;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;

// Both are included by path, and so compiled alike. Yours finds in this crate what it finds in its own.
#[allow(unused_imports, reason = "your file starts without it")]
use harness::sync::real as sync;
const CAPACITY: usize = 256;
const START: u32 = 0;
type Task<T> = Arc<T>;
#[allow(dead_code)]
#[path = "../../../../solutions/07_scheduler/01_run_queue/src/run_queue.rs"]
mod run_queue;
use run_queue::{Global, Local, Stealer};
#[allow(dead_code)]
#[path = "../../../../exercises/07_scheduler/02_work_stealing/src/work_stealing.rs"]
mod work_stealing;

#[allow(dead_code)]
#[path = "."]
mod reference {
    use super::{CAPACITY, START, Task, sync};
    #[path = "../../../../solutions/07_scheduler/01_run_queue/src/run_queue.rs"]
    #[expect(clippy::duplicate_mod, reason = "another thief's side")]
    mod run_queue;
    #[path = "../src/work_stealing.rs"]
    mod work_stealing;
    pub use run_queue::{Global, Local, Stealer};
}

harness::bench_main!("work_stealing.rs", || {
    let (mut victim, mut own) = (Local::new(), Local::new());
    victim.push(Arc::new(1), &Global::new());
    victim.stealer().steal_into(&mut own)
});

/// A row for each of the types that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::Yours,
            reference = crate::Reference,
            one_at_a_time = crate::OneAtATime,
            mutex_and_deque = crate::Locked,
            crossbeam_fifo = crate::Crossbeam<true>,
            chase_lev = crate::Crossbeam<false>,
        );
    };
}

/// A thief alone: two hundred tasks are in another's queue, and it steals and takes until it has all.
mod one_thread {
    use super::*;
    fn run<Q: Queue>(bencher: Bencher) {
        let (mut victim, mut own) = (Q::new(), Q::new());
        let thief = victim.thief();
        let mut tasks: Vec<Task<u64>> = (0..200).map(Arc::new).collect();
        bencher.bench_local(|| {
            for task in tasks.drain(..) {
                victim.push(task);
            }
            while let Some(task) = own.pop().or_else(|| Q::steal(&thief, &mut own)) {
                tasks.push(task);
            }
        });
    }

    rows!(run(sample_size = 100));
}

/// An owner and one thief share 200,000 tasks.
mod two_threads {
    use super::*;
    fn run<Q: Queue>(bencher: Bencher) {
        bencher.bench_local(|| share::<Q>(2, 200_000));
    }

    rows!(run(sample_count = 20, sample_size = 1));
}

/// Eight threads on whatever processors there are share 200,000 tasks.
mod eight_threads {
    use super::*;
    fn run<Q: Queue>(bencher: Bencher) {
        bencher.bench_local(|| share::<Q>(8, 200_000));
    }

    rows!(run(sample_count = 20, sample_size = 1));
}

/// One worker makes tasks, a hundred at a time, and runs those that it finds in its queue. The others live by stealing from all
/// workers, and go on until all tasks have run.
fn share<Q: Queue>(workers: usize, tasks: usize) {
    let left = AtomicUsize::new(tasks);
    let mut queues: Vec<Q> = (0..workers).map(|_| Q::new()).collect();
    let thieves: Vec<_> = queues.iter().map(Q::thief).collect();
    let (left, thieves) = (&left, &thieves);
    thread::scope(|s| {
        for (me, mut own) in queues.drain(..).enumerate() {
            s.spawn(move || {
                let mut to_make = if me == 0 { tasks } else { 0 };
                while left.load(Relaxed) > 0 {
                    for n in 0..to_make.min(100) {
                        own.push(Arc::new(n as u64));
                    }
                    to_make -= to_make.min(100);
                    let mut ran = 0;
                    while let Some(task) = own.pop() {
                        ran += 1;
                        divan::black_box(*task);
                    }
                    if to_make == 0 {
                        let mut others = (1..workers).map(|n| &thieves[(me + n) % workers]);
                        match others.find_map(|thief| Q::steal(thief, &mut own)) {
                            Some(task) => {
                                divan::black_box(*task);
                                ran += 1;
                            }
                            None if ran == 0 => thread::yield_now(),
                            None => {}
                        }
                    }
                    left.fetch_sub(ran, Relaxed);
                }
            });
        }
    });
}

/// What all of them can do.
trait Queue: Send {
    type Thief: Send + Sync;
    fn new() -> Self;
    fn thief(&self) -> Self::Thief;
    fn push(&mut self, task: Task<u64>);
    fn pop(&mut self) -> Option<Task<u64>>;
    /// Takes half of the tasks, or fewer, and returns one of them.
    fn steal(thief: &Self::Thief, into: &mut Self) -> Option<Task<u64>>;
}

macro_rules! ours {
    ($($name:ident = $module:ident, |$thief:ident, $into:ident| $steal:expr;)*) => {$(
        struct $name($module::Local<u64>, $module::Global<u64>);

        impl Queue for $name {
            type Thief = $module::Stealer<u64>;
            fn new() -> Self {
                Self($module::Local::new(), $module::Global::new())
            }
            fn thief(&self) -> Self::Thief {
                self.0.stealer()
            }
            #[inline(always)]
            fn push(&mut self, task: Task<u64>) {
                self.0.push(task, &self.1);
            }
            #[inline(always)]
            fn pop(&mut self) -> Option<Task<u64>> {
                self.0.pop()
            }
            #[inline(always)]
            fn steal($thief: &Self::Thief, $into: &mut Self) -> Option<Task<u64>> {
                $steal
            }
        }
    )*};
}

ours! {
    Yours = run_queue, |thief, into| thief.steal_into(&mut into.0);
    Reference = reference, |thief, into| thief.steal_into(&mut into.0);
    OneAtATime = reference, |thief, _into| thief.steal();
}

/// A deque of crossbeam: `FIFO` if the owner takes the oldest task, or else Chase and Lev's.
struct Crossbeam<const FIFO: bool>(Worker<Task<u64>>);

impl<const FIFO: bool> Queue for Crossbeam<FIFO> {
    type Thief = crossbeam_deque::Stealer<Task<u64>>;
    fn new() -> Self {
        Self(if FIFO {
            Worker::new_fifo()
        } else {
            Worker::new_lifo()
        })
    }
    fn thief(&self) -> Self::Thief {
        self.0.stealer()
    }
    #[inline(always)]
    fn push(&mut self, task: Task<u64>) {
        self.0.push(task);
    }
    #[inline(always)]
    fn pop(&mut self) -> Option<Task<u64>> {
        self.0.pop()
    }
    #[inline(always)]
    fn steal(thief: &Self::Thief, into: &mut Self) -> Option<Task<u64>> {
        loop {
            match thief.steal_batch_and_pop(&into.0) {
                Steal::Success(task) => return Some(task),
                Steal::Empty => return None,
                Steal::Retry => {}
            }
        }
    }
}

/// The first design: a lock for each queue, which the thief takes too.
type Locked = Arc<Mutex<VecDeque<Task<u64>>>>;

impl Queue for Locked {
    type Thief = Self;
    fn new() -> Self {
        Arc::default()
    }
    fn thief(&self) -> Self {
        Arc::clone(self)
    }
    fn push(&mut self, task: Task<u64>) {
        self.lock().expect("nobody panics").push_back(task);
    }
    fn pop(&mut self) -> Option<Task<u64>> {
        self.lock().expect("nobody panics").pop_front()
    }
    fn steal(thief: &Self, into: &mut Self) -> Option<Task<u64>> {
        // Never both locks at once: two that steal from each other would wait for ever.
        let mut half = {
            let mut victim = thief.lock().expect("nobody panics");
            let half = victim.len().div_ceil(2);
            victim.drain(..half).collect::<Vec<_>>()
        };
        let last = half.pop()?;
        into.lock().expect("nobody panics").extend(half);
        Some(last)
    }
}
