//! The scheduler: where a worker looks for work, when it goes to sleep, and who wakes it.

use crate::monitor::Monitor;
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use crate::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, fence};
use crate::sync::task::Arc;
use crate::sync::utils::CachePadded;
use crate::sync::{self, Mutex, futex, hint, thread_local};
use crate::task::{Place, Task};
use crate::timers::Timers;
use crate::work_stealing::{Global, Local, StealOrder, Stealer, steal_work};
use std::cell::RefCell;
use std::mem;

/// How many slices there are between two in which a worker is fair: in one it looks at the global queue first, in the other
/// nothing that it wakes runs next. A prime, as in Go, so that no program has it for a rhythm.
const FAIR: u32 = 61;

const PAUSE: u32 = if cfg!(test) { 1 } else { 50 };

pub struct Scheduler {
    global: Global<Task>,
    /// The owners' handles, until their workers come for them.
    locals: Mutex<Vec<Option<Local<Task>>>>,
    stealers: Vec<Stealer<Task>>,
    order: StealOrder,
    idle: Idle,
    is_closed: AtomicBool,
    timers: sync::Arc<Timers>,
    monitor: Arc<Monitor>,
}

struct Idle {
    /// How many workers are awake and have no task.
    searching: AtomicUsize,
    /// How many there are in `sleepers`.
    sleeping: AtomicUsize,
    sleepers: Mutex<Vec<usize>>,
    /// For each worker the word on which it sleeps.
    words: Vec<CachePadded<AtomicU32>>,
}

const AWAKE: u32 = 0;
const ASLEEP: u32 = 1;

/// What a worker has on its thread.
struct Worker {
    scheduler: *const Scheduler,
    index: usize,
    local: Local<Task>,
    slice: u32,
    random: u32,
    ran: Vec<u64>,
}

thread_local! {
    static WORKER: RefCell<Option<Worker>> = const { RefCell::new(None) };
}

impl Scheduler {
    pub fn new(workers: usize, timers: sync::Arc<Timers>, monitor: Arc<Monitor>) -> Self {
        let locals: Vec<_> = (0..workers).map(|_| Local::new()).collect();
        Self {
            global: Global::new(),
            stealers: locals.iter().map(Local::stealer).collect(),
            locals: Mutex::new(locals.into_iter().map(Some).collect()),
            order: StealOrder::new(workers),
            idle: Idle {
                searching: AtomicUsize::new(0),
                sleeping: AtomicUsize::new(0),
                sleepers: Mutex::new(Vec::with_capacity(workers)),
                words: (0..workers)
                    .map(|_| CachePadded::new(AtomicU32::new(AWAKE)))
                    .collect(),
            },
            is_closed: AtomicBool::new(false),
            timers,
            monitor,
        }
    }

    pub fn schedule(&self, task: Arc<Task>, place: Place) {
        let for_others = self.with_worker(task, |worker, task| {
            if place == Place::Next && worker.slice % FAIR != 1 {
                worker.local.push_next(task, &self.global);
            } else {
                worker.local.push(task, &self.global);
            }
        });
        if let Some(task) = for_others {
            self.global.push(task);
            if self.is_closed.load(Acquire) {
                self.drop_global();
                return;
            }
        }
        self.notify();
    }

    pub fn notify(&self) {
        fence(SeqCst);
        if self.idle.sleeping.load(Relaxed) == 0 || self.idle.searching.load(Relaxed) > 0 {
            return;
        }
        let mut sleepers = self.idle.sleepers.lock();
        if self.idle.searching.load(Relaxed) > 0 {
            return;
        }
        let Some(worker) = sleepers.pop() else {
            return;
        };
        self.idle.sleeping.store(sleepers.len(), Relaxed);
        self.idle.searching.fetch_add(1, Relaxed);
        self.idle.words[worker].store(AWAKE, Release);
        drop(sleepers);
        futex::wake_one(&self.idle.words[worker]);
    }

    pub fn work(&self, index: usize) {
        let local = self.locals.lock()[index].take();
        let worker = Worker {
            scheduler: self,
            index,
            local: local.expect("each worker works once"),
            slice: 0,
            random: index as u32 + 1,
            ran: vec![0; self.stealers.len()],
        };
        WORKER.with(|mine| mine.replace(Some(worker)));
        while let Some(task) = self.next(index) {
            task.run();
        }
        let worker = WORKER.with(|mine| mine.take());
        let mut local = worker.expect("still there").local;
        while local.pop().is_some() {}
        self.drop_global();
    }

    pub fn shut_down(&self) {
        self.is_closed.store(true, Release);
        let mut sleepers = self.idle.sleepers.lock();
        let woken = mem::take(&mut *sleepers);
        self.idle.sleeping.store(0, Relaxed);
        self.idle.searching.fetch_add(woken.len(), Relaxed);
        for &worker in &woken {
            self.idle.words[worker].store(AWAKE, Release);
        }
        drop(sleepers);
        for worker in woken {
            futex::wake_one(&self.idle.words[worker]);
        }
    }

    pub fn queued(&self) -> usize {
        self.global.len()
    }

    fn with_worker<T, R>(&self, value: T, f: impl FnOnce(&mut Worker, T) -> R) -> Option<T> {
        let mut value = Some(value);
        let _ = WORKER.try_with(|mine| {
            if let Some(worker) = &mut *mine.borrow_mut()
                && std::ptr::eq(worker.scheduler, self)
            {
                f(worker, value.take().expect("once"));
            }
        });
        value
    }

    fn drop_global(&self) {
        while self.global.pop().is_some() {}
    }

    fn next(&self, index: usize) -> Option<Arc<Task>> {
        self.timers.fire();
        if self.is_closed.load(Acquire) {
            return None;
        }
        let task = WORKER.with(|mine| {
            let mut mine = mine.borrow_mut();
            let worker = mine.as_mut().expect("this is a worker");
            worker.slice = worker.slice.wrapping_add(1);
            let global = if worker.slice.is_multiple_of(FAIR) {
                self.global.pop()
            } else {
                None
            };
            let task = global.or_else(|| worker.local.pop())?;
            self.monitor
                .gauge(index)
                .runs(task.id(), worker.local.len());
            Some(task)
        });
        task.or_else(|| self.find(index))
    }

    fn find(&self, index: usize) -> Option<Arc<Task>> {
        self.idle.searching.fetch_add(1, Relaxed);
        let gauge = self.monitor.gauge(index);
        loop {
            gauge.searches();
            if self.is_closed.load(Acquire) {
                self.idle.searching.fetch_sub(1, Relaxed);
                return None;
            }
            if let Some((task, queued)) = self.search() {
                if self.idle.searching.fetch_sub(1, Relaxed) == 1 {
                    self.notify();
                }
                gauge.runs(task.id(), queued);
                return Some(task);
            }
            self.park(index);
            self.timers.fire();
        }
    }

    fn search(&self) -> Option<(Arc<Task>, usize)> {
        WORKER.with(|mine| {
            let mut mine = mine.borrow_mut();
            let worker = mine.as_mut().expect("this is a worker");
            let local = &mut worker.local;
            let found = local
                .pop()
                .or_else(|| match self.global.len() {
                    0 => None,
                    tasks => self
                        .global
                        .pop_batch(tasks / self.stealers.len() + 1, local),
                })
                .or_else(|| self.steal(worker))?;
            Some((found, worker.local.len()))
        })
    }

    fn steal(&self, worker: &mut Worker) -> Option<Arc<Task>> {
        if self.stealers.len() == 1 {
            return None;
        }
        worker.random ^= worker.random << 13;
        worker.random ^= worker.random >> 17;
        worker.random ^= worker.random << 5;
        let gauge = |victim| self.monitor.gauge(victim);
        for (ran, victim) in worker.ran.iter_mut().zip(0..) {
            *ran = gauge(victim).ran();
        }
        let others = self
            .order
            .pass(worker.random)
            .filter(|&v| v != worker.index);
        let full = others.clone().filter(|&v| gauge(v).queued() > 0);
        let stolen = steal_work(&self.stealers, full, &mut worker.local).or_else(|| {
            for _ in 0..PAUSE {
                hint::spin_loop();
            }
            let busy = others.filter(|&v| gauge(v).ran() == worker.ran[v]);
            steal_work(&self.stealers, busy, &mut worker.local)
        })?;
        gauge(worker.index).steals();
        Some(stolen)
    }

    fn park(&self, index: usize) {
        let idle = &self.idle;
        let word = &idle.words[index];
        let mut sleepers = idle.sleepers.lock();
        word.store(ASLEEP, Relaxed);
        sleepers.push(index);
        idle.sleeping.store(sleepers.len(), Relaxed);
        drop(sleepers);
        idle.searching.fetch_sub(1, Relaxed);
        fence(SeqCst);
        if self.has_work(index) {
            self.rise(index);
            return;
        }
        self.monitor.gauge(index).parks();
        let deadline = self.timers.next();
        while word.load(Acquire) == ASLEEP {
            match deadline {
                None => futex::wait(word, ASLEEP),
                Some(deadline) => {
                    if self.timers.clock().futex_wait_until(word, ASLEEP, deadline) {
                        self.rise(index);
                        return;
                    }
                }
            }
        }
    }

    fn has_work(&self, index: usize) -> bool {
        self.is_closed.load(Relaxed)
            || !self.global.is_empty()
            || (self.stealers.iter().enumerate())
                .any(|(v, victim)| v != index && !victim.is_empty())
    }

    fn rise(&self, index: usize) {
        let idle = &self.idle;
        let mut sleepers = idle.sleepers.lock();
        if let Some(at) = sleepers.iter().position(|&sleeper| sleeper == index) {
            sleepers.swap_remove(at);
            idle.sleeping.store(sleepers.len(), Relaxed);
            idle.searching.fetch_add(1, Relaxed);
        }
    }
}
