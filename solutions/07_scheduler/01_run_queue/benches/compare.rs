//! Your run queue, the reference, the designs that come to mind first, and crossbeam-deque's, at the same work.
//!
//! `cargo bench -p run_queue_solution`
//!
//! A task is a box, in all of them. The deque of crossbeam is the one that hands out the oldest task first; it grows
//! where ours moves tasks to the global queue.

use crossbeam_deque::{Steal, Stealer, Worker};
use crossbeam_queue::ArrayQueue;
use divan::Bencher;
#[allow(unused_imports, reason = "your file starts without it")]
use harness::sync::real as sync;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

#[allow(dead_code)]
const CAPACITY: usize = 256;
#[allow(dead_code)]
const START: u32 = 0;
type Task<T> = Box<T>;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/run_queue.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/07_scheduler/01_run_queue/src/run_queue.rs"]
mod yours;

harness::bench_main!("run_queue.rs", || {
    let (mut local, global) = (yours::Local::new(), yours::Global::new());
    local.push(Box::new(1), &global);
    let thief = local.stealer();
    (local.pop(), thief.steal(), thief.is_empty(), global.pop())
});

/// A row for each of the types that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::Yours,
            reference = crate::Reference,
            mutex_and_deque = crate::Locked,
            array_queue = crate::Array,
            crossbeam_deque = crate::Crossbeam,
        );
    };
}

/// The owner alone: a task goes in and comes out.
mod one_thread {
    use super::*;
    fn run<Q: Queue>(bencher: Bencher) {
        let mut queue = Q::new();
        let mut task = Some(Box::new(7));
        bencher.bench_local(|| {
            queue.push(task.take().expect("it came back"));
            task = queue.pop();
        });
    }

    rows!(run(sample_size = 10_000));
}

/// The owner alone: a hundred tasks go in, and come out.
mod one_thread_bursts {
    use super::*;
    fn run<Q: Queue>(bencher: Bencher) {
        let mut queue = Q::new();
        let mut tasks: Vec<_> = (0..100).map(Box::new).collect();
        bencher.bench_local(|| {
            for task in tasks.drain(..) {
                queue.push(task);
            }
            tasks.extend(std::iter::from_fn(|| queue.pop()));
        });
    }

    rows!(run(sample_size = 100));
}

/// The owner and one thief share 200,000 tasks.
mod two_threads {
    use super::*;
    fn run<Q: Queue>(bencher: Bencher) {
        bencher.bench_local(|| share::<Q>(1, 1, 200_000));
    }

    rows!(run(sample_count = 20, sample_size = 1));
}

/// Eight threads on whatever processors there are: two queues with three thieves each, 100,000 tasks in each.
mod eight_threads {
    use super::*;
    fn run<Q: Queue>(bencher: Bencher) {
        bencher.bench_local(|| share::<Q>(2, 3, 100_000));
    }

    rows!(run(sample_count = 20, sample_size = 1));
}

/// In each queue an owner puts tasks in, a hundred at a time, and takes them out again, while thieves do so too.
fn share<Q: Queue>(queues: usize, thieves: usize, tasks: u64) {
    let over: Vec<_> = (0..queues).map(|_| AtomicBool::new(false)).collect();
    thread::scope(|s| {
        for over in &over {
            let mut queue = Q::new();
            for _ in 0..thieves {
                let thief = queue.thief();
                s.spawn(move || {
                    let mut sum = 0;
                    while !over.load(Relaxed) {
                        match Q::steal(&thief) {
                            Some(task) => sum += *task,
                            None => thread::yield_now(),
                        }
                    }
                    divan::black_box(sum);
                });
            }
            s.spawn(move || {
                let mut sum = 0;
                for n in 0..tasks / 100 {
                    for task in 0..100 {
                        queue.push(Box::new(100 * n + task));
                    }
                    while let Some(task) = queue.pop() {
                        sum += *task;
                    }
                }
                over.store(true, Relaxed);
                divan::black_box(sum);
            });
        }
    });
}

/// What all of them can do.
trait Queue: Send {
    type Thief: Send;
    fn new() -> Self;
    fn thief(&self) -> Self::Thief;
    fn push(&mut self, task: Box<u64>);
    fn pop(&mut self) -> Option<Box<u64>>;
    fn steal(thief: &Self::Thief) -> Option<Box<u64>>;
}

macro_rules! ours {
    ($($name:ident = $module:ident;)*) => {$(
        struct $name($module::Local<u64>, Arc<$module::Global<u64>>);

        impl Queue for $name {
            type Thief = $module::Stealer<u64>;
            fn new() -> Self {
                Self($module::Local::new(), Arc::new($module::Global::new()))
            }
            fn thief(&self) -> Self::Thief {
                self.0.stealer()
            }
            #[inline(always)]
            fn push(&mut self, task: Box<u64>) {
                self.0.push(task, &self.1);
            }
            #[inline(always)]
            fn pop(&mut self) -> Option<Box<u64>> {
                self.0.pop()
            }
            #[inline(always)]
            fn steal(thief: &Self::Thief) -> Option<Box<u64>> {
                thief.steal()
            }
        }
    )*};
}

ours! {
    Yours = yours;
    Reference = reference;
}

struct Crossbeam(Worker<Box<u64>>);

impl Queue for Crossbeam {
    type Thief = Stealer<Box<u64>>;
    fn new() -> Self {
        Self(Worker::new_fifo())
    }
    fn thief(&self) -> Self::Thief {
        self.0.stealer()
    }
    #[inline(always)]
    fn push(&mut self, task: Box<u64>) {
        self.0.push(task);
    }
    #[inline(always)]
    fn pop(&mut self) -> Option<Box<u64>> {
        self.0.pop()
    }
    #[inline(always)]
    fn steal(thief: &Self::Thief) -> Option<Box<u64>> {
        loop {
            match thief.steal() {
                Steal::Success(task) => return Some(task),
                Steal::Empty => return None,
                Steal::Retry => {}
            }
        }
    }
}

/// The first design: one deque behind a lock.
type Locked = Arc<parking_lot::Mutex<VecDeque<Box<u64>>>>;

impl Queue for Locked {
    type Thief = Self;
    fn new() -> Self {
        Arc::default()
    }
    fn thief(&self) -> Self {
        Arc::clone(self)
    }
    fn push(&mut self, task: Box<u64>) {
        self.lock().push_back(task);
    }
    fn pop(&mut self) -> Option<Box<u64>> {
        self.lock().pop_front()
    }
    fn steal(thief: &Self) -> Option<Box<u64>> {
        thief.lock().pop_front()
    }
}

/// The second: a ring into which anybody may push.
type Array = Arc<ArrayQueue<Box<u64>>>;

impl Queue for Array {
    type Thief = Self;
    fn new() -> Self {
        Arc::new(ArrayQueue::new(CAPACITY))
    }
    fn thief(&self) -> Self {
        Arc::clone(self)
    }
    #[inline(always)]
    fn push(&mut self, task: Box<u64>) {
        assert!(ArrayQueue::push(self, task).is_ok(), "there is room");
    }
    #[inline(always)]
    fn pop(&mut self) -> Option<Box<u64>> {
        ArrayQueue::pop(self)
    }
    #[inline(always)]
    fn steal(thief: &Self) -> Option<Box<u64>> {
        ArrayQueue::pop(thief)
    }
}
