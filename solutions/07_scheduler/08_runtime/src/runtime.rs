//! The scheduler: where a worker looks for work, when it falls asleep, and who wakes it.

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
use std::ptr;

// A worker is in one of three states.
//
//             finds a task                   runs out of tasks
//   running <-------------- searching <---------------------------- running
//                            |     ^
//         has found nothing  |     | is woken, or its time has come,
//         anywhere           v     | or sees, about to sleep, that there is something
//                            asleep
//
// | `searching` | `sleeping` | who brings work                                                        |
// |-------------|------------|------------------------------------------------------------------------|
// | any         | 0          | leaves it: all are awake                                               |
// | > 0         | > 0        | leaves it: one that searches looks everywhere once more before it sleeps |
// | 0           | > 0        | wakes one, which searches from then on                                 |
//
// So at most one is woken at a time, and a burst of work costs one wakeup, not one for each task. The price: when the last
// one that searches has found something, it has to wake the next, because those that brought work relied on it.

/// How many slices there are to one that is fair: in one of them a worker takes from the global queue first, and in another
/// nothing that is woken runs next. It is a prime, as in Go, so that a program is not likely to have this rhythm.
const FAIR: u32 = 61;

/// How often a thief spins before it takes the task that another worker is about to run: for a few microseconds at most.
const PAUSE: u32 = if crate::sync::IS_MODEL { 1 } else { 50 };

/// Distributes tasks among workers.
///
/// It has no threads of its own: a worker is a thread that calls [`work`](Scheduler::work). Any thread may bring tasks, by
/// [`schedule`](Scheduler::schedule): workers themselves, while they run a task, and others.
///
/// A task that has been scheduled is run, once, by one of the workers, unless the scheduler is shut down; and soon: as
/// long as a task waits that nobody else is about to run, no worker sleeps. What was done before it was scheduled happens
/// before it is run.
pub struct Scheduler {
    /// What comes from threads that are not workers, and what does not fit into the queue of a worker.
    global: Global<Task>,
    /// The owners' handles of the workers' queues, until the workers come for them.
    locals: Mutex<Vec<Option<Local<Task>>>>,
    stealers: Vec<Stealer<Task>>,
    order: StealOrder,
    idle: Idle,
    is_closed: AtomicBool,
    timers: sync::Arc<Timers>,
    monitor: Arc<Monitor>,
}

/// The workers that have no task.
struct Idle {
    /// How many are awake. A worker that has been woken is counted by the thread that woke it.
    ///
    /// Only read-modify-writes change it, so the last worker that leaves sees what the others released when they left. Those
    /// that come release nothing: Relaxed.
    searching: AtomicUsize,
    /// How many there are in `sleepers`. Written only under its lock.
    sleeping: AtomicUsize,
    /// Those that sleep, or are about to. The last one is woken first, because its caches are warm.
    sleepers: Mutex<Vec<usize>>,
    /// The word that each worker sleeps on: `ASLEEP` as long as the worker is in `sleepers`.
    words: Vec<CachePadded<AtomicU32>>,
}

const AWAKE: u32 = 0;
const ASLEEP: u32 = 1;

/// A worker's state, on its thread.
struct Worker {
    /// Whose worker it is, only to compare: a thread may wake the tasks of another scheduler as well.
    scheduler: *const Scheduler,
    index: usize,
    local: Local<Task>,
    /// How many tasks it has run.
    slice: u32,
    random: u32,
    /// How many tasks each of the others had run when this one last came to steal.
    ran: Vec<u64>,
}

thread_local! {
    /// Borrowed only while queues are used, never while a task runs.
    static WORKER: RefCell<Option<Worker>> = const { RefCell::new(None) };
}

impl Scheduler {
    /// Returns a scheduler for this number of workers. They fire its timers between tasks and while they are idle, and say
    /// what they do to `monitor`.
    pub fn new(workers: usize, timers: sync::Arc<Timers>, monitor: Arc<Monitor>) -> Self {
        let locals: Vec<_> = (0..workers).map(|_| Local::new()).collect();
        let awake = || CachePadded::new(AtomicU32::new(AWAKE));
        Self {
            global: Global::new(),
            stealers: locals.iter().map(Local::stealer).collect(),
            locals: Mutex::new(locals.into_iter().map(Some).collect()),
            order: StealOrder::new(workers),
            idle: Idle {
                searching: AtomicUsize::new(0),
                sleeping: AtomicUsize::new(0),
                sleepers: Mutex::new(Vec::with_capacity(workers)),
                words: (0..workers).map(|_| awake()).collect(),
            },
            is_closed: AtomicBool::new(false),
            timers,
            monitor,
        }
    }

    /// Brings a task, from any thread. A worker of this scheduler puts it into its own queue, at `place`, unless that would
    /// keep the others in the queue waiting for ever. What another thread brings is in no worker's queue, until one takes it.
    ///
    /// After a [shutdown](Scheduler::shut_down) the task is dropped.
    pub fn schedule(&self, task: Arc<Task>, place: Place) {
        let mut task = Some(task);
        // This fails on a thread that is ending and has dropped the value. Such a thread is not a worker.
        let _ = WORKER.try_with(|mine| {
            let mut mine = mine.borrow_mut();
            let worker = mine
                .as_mut()
                .filter(|worker| ptr::eq(worker.scheduler, self));
            let Some((worker, task)) = worker.and_then(|worker| Some((worker, task.take()?)))
            else {
                return;
            };
            // Two tasks that wake each other would be the next ones for ever: in one slice of 61 they queue up.
            if place == Place::Next && worker.slice % FAIR != 1 {
                worker.local.push_next(task, &self.global);
            } else {
                worker.local.push(task, &self.global);
            }
        });
        if let Some(task) = task {
            self.global.push(task);
            // The workers drain the queue before they leave, after they have seen the flag. A push that comes after that
            // sees the flag too: the queue's lock orders the two.
            if self.is_closed.load(Acquire) {
                self.drain();
                return;
            }
        }
        self.notify();
    }

    /// Sees to it that a worker looks for work: for what has been put into a queue, or a timer that is earlier than all
    /// others. If none of the workers is idle, they will look anyway.
    pub fn notify(&self) {
        let idle = &self.idle;
        // The work has been written before, and now this reads the counters. `park` writes the counters, and then reads the
        // work. Release and Acquire would let both reads return the old value: the work would wait while the worker sleeps.
        // With a SeqCst fence in between on both sides, at least one of them sees what the other has written.
        fence(SeqCst);
        if idle.sleeping.load(Relaxed) == 0 || idle.searching.load(Relaxed) > 0 {
            return;
        }
        let mut sleepers = idle.sleepers.lock();
        // Checked again: two threads that bring work at the same time wake one worker.
        if idle.searching.load(Relaxed) > 0 {
            return;
        }
        let Some(worker) = sleepers.pop() else {
            return;
        };
        idle.sleeping.store(sleepers.len(), Relaxed);
        // On behalf of the one that wakes up: until it does, nobody needs to wake another.
        idle.searching.fetch_add(1, Relaxed);
        // Release: pairs with the Acquire in `park`. The worker finds what it has been woken for.
        idle.words[worker].store(AWAKE, Release);
        drop(sleepers);
        // The word has changed before this, so a worker that is not asleep yet does not fall asleep.
        futex::wake_one(&idle.words[worker]);
    }

    /// Is the worker with this number, counted from 0: runs tasks, and sleeps while there are none. Returns after a
    /// [shutdown](Scheduler::shut_down), when the task that it runs has returned. Each number works once.
    ///
    /// Fires the timers between any two tasks. While it sleeps it uses no processor time. It wakes up when it is notified, or
    /// when the earliest timer is due, and at no other time of its own.
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
        // A task keeps its scheduler, so one that stayed in a queue would keep the queue. Other workers drop what they steal
        // meanwhile in the same way.
        let worker = WORKER.with(|mine| mine.take());
        let mut local = worker.expect("it has been there all the time").local;
        while local.pop().is_some() {}
        self.drain();
    }

    /// Lets all workers return. Then it keeps no task: what waits in a queue is dropped. Any thread may call it, and so
    /// may a task.
    pub fn shut_down(&self) {
        // Release: pairs with the Acquire of the workers' looks. A worker that is about to fall asleep is in the list, or
        // sees the flag after it has entered itself there: the list's lock orders the two.
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

    /// Returns how many tasks are in no worker's queue, for the monitor.
    pub fn queued(&self) -> usize {
        self.global.len()
    }

    /// Returns the task that a worker runs next. `None` means that the worker is to return.
    fn next(&self, index: usize) -> Option<Arc<Task>> {
        // Between any two tasks, or no timer would go off on a worker that is never idle.
        self.timers.fire();
        if self.is_closed.load(Acquire) {
            return None;
        }
        let task = with_worker(|worker| {
            worker.slice = worker.slice.wrapping_add(1);
            // Now and then the global queue comes first: a worker whose own queue is never empty would not look there.
            let global = match worker.slice % FAIR {
                0 => self.global.pop(),
                _ => None,
            };
            let task = global.or_else(|| worker.local.pop())?;
            let queued = worker.local.len();
            self.monitor.gauge(index).runs(task.id(), queued);
            Some(task)
        });
        task.or_else(|| self.find(index))
    }

    /// Looks for a task until there is one: searches, and sleeps. `None` means that the worker is to return.
    fn find(&self, index: usize) -> Option<Arc<Task>> {
        let gauge = self.monitor.gauge(index);
        self.idle.searching.fetch_add(1, Relaxed);
        loop {
            gauge.searches();
            let found = match self.is_closed.load(Acquire) {
                true => None,
                false => with_worker(|worker| self.search(worker)),
            };
            if found.is_none() && !self.is_closed.load(Acquire) {
                self.park(index);
                // It may have slept until a timer was due.
                self.timers.fire();
                continue;
            }
            // Release: pairs with the fence in `park`, and with that in `notify`, of a worker that leaves those that search
            // later. What else this one has stolen is in its own queue by now. Unless it is the last, it tells nobody: a later
            // one has to see that work, or wake a worker that does.
            if self.idle.searching.fetch_sub(1, Release) == 1 && found.is_some() {
                // This was the last one that searched. Threads that brought work meanwhile have left that to it.
                self.notify();
            }
            let (task, queued) = found?;
            gauge.runs(task.id(), queued);
            return Some(task);
        }
    }

    /// Looks everywhere once. Returns the task, and how many are in the worker's queue behind it.
    fn search(&self, worker: &mut Worker) -> Option<(Arc<Task>, usize)> {
        let found = worker.local.pop().or_else(|| {
            // Only a share of it: the other workers want some, too.
            match self.global.len() {
                0 => None,
                tasks => {
                    let share = tasks / self.stealers.len() + 1;
                    self.global.pop_batch(share, &mut worker.local)
                }
            }
        });
        let found = found.or_else(|| self.steal(worker))?;
        Some((found, worker.local.len()))
    }

    /// Takes tasks from another worker.
    ///
    /// A worker's last task may be the one that runs next: it has just been woken, and its data is in that worker's cache. So
    /// nothing is taken from a worker with an empty ring, as long as it makes progress. But if it has run the same task for
    /// a few microseconds, that task may run for long.
    fn steal(&self, worker: &mut Worker) -> Option<Arc<Task>> {
        if self.stealers.len() == 1 {
            return None;
        }
        // Xorshift.
        worker.random ^= worker.random << 13;
        worker.random ^= worker.random >> 17;
        worker.random ^= worker.random << 5;
        let gauge = |victim| self.monitor.gauge(victim);
        for (ran, victim) in worker.ran.iter_mut().zip(0..) {
            *ran = gauge(victim).ran();
        }
        let pass = self.order.pass(worker.random);
        let others = pass.filter(|&victim| victim != worker.index);
        let full = others.clone().filter(|&victim| gauge(victim).queued() > 0);
        let stolen = steal_work(&self.stealers, full, &mut worker.local).or_else(|| {
            for _ in 0..PAUSE {
                hint::spin_loop();
            }
            let busy = others.filter(|&victim| gauge(victim).ran() == worker.ran[victim]);
            steal_work(&self.stealers, busy, &mut worker.local)
        });
        if stolen.is_some() {
            gauge(worker.index).steals();
        }
        stolen
    }

    /// Falls asleep, and returns when somebody has woken this worker, or when there is something to do. The worker is counted
    /// among those that search, before and afterwards.
    fn park(&self, index: usize) {
        let idle = &self.idle;
        let word = &idle.words[index];
        let mut sleepers = idle.sleepers.lock();
        word.store(ASLEEP, Relaxed);
        sleepers.push(index);
        idle.sleeping.store(sleepers.len(), Relaxed);
        drop(sleepers);
        // Relaxed: this worker's queue is empty, so there is nothing to release. The fence acquires what others have released.
        idle.searching.fetch_sub(1, Relaxed);
        // First say that it sleeps, then look once more: see `notify`. The other order would leave a gap between the look and
        // the word, and a thread that brings work in that gap would find nobody to wake.
        fence(SeqCst);
        if self.has_work(index) {
            self.rise(index);
            return;
        }
        self.monitor.gauge(index).parks();
        // After the fence, too: setting an earlier timer after this look wakes a worker.
        let deadline = self.timers.next();
        // No wakeup is lost: the waking thread changes the word first, and a futex does not sleep on a word that has changed.
        // A loop, because a wakeup may be spurious. Acquire: pairs with the Release of the waking thread.
        while word.load(Acquire) == ASLEEP {
            let is_due = match deadline {
                None => {
                    futex::wait(word, ASLEEP);
                    false
                }
                Some(deadline) => {
                    let clock = self.timers.clock();
                    clock.futex_wait_until(word, ASLEEP, deadline)
                }
            };
            if is_due {
                self.rise(index);
                return;
            }
        }
    }

    /// Returns whether there is something to do for a worker whose own queue is empty.
    fn has_work(&self, index: usize) -> bool {
        let others = || (0..self.stealers.len()).filter(|&victim| victim != index);
        self.is_closed.load(Acquire)
            || !self.global.is_empty()
            || others().any(|victim| !self.stealers[victim].is_empty())
    }

    /// Takes the worker out of the list: it wakes up by itself.
    fn rise(&self, index: usize) {
        let idle = &self.idle;
        let mut sleepers = idle.sleepers.lock();
        // If it is not there, another thread has woken it at the same moment, and has counted it.
        if let Some(at) = sleepers.iter().position(|&sleeper| sleeper == index) {
            sleepers.remove(at);
            idle.sleeping.store(sleepers.len(), Relaxed);
            idle.searching.fetch_add(1, Relaxed);
        }
    }

    /// Drops what is in the global queue.
    fn drain(&self) {
        while self.global.pop().is_some() {}
    }
}

/// Calls `f` with this thread's worker.
fn with_worker<R>(f: impl FnOnce(&mut Worker) -> R) -> R {
    WORKER.with(|mine| f(mine.borrow_mut().as_mut().expect("this thread is a worker")))
}
