//! The scheduler: where a worker looks for work, when it falls asleep, and who wakes it.

// Locks, atomics, futexes, `thread_local!`: all from `crate::sync`, or the model checker does not see them. Queues, and the
// order in which to steal: from `crate::work_stealing`. What you find in `crate::task`, `crate::timers` and
// `crate::monitor` is given; you need `Task::run` and `Task::id`, `Place`, the public functions of `Timers`, and `Gauge`.

use crate::monitor::Monitor;
use crate::sync;
use crate::sync::task::Arc;
use crate::task::{Place, Task};
use crate::timers::Timers;

/// Distributes tasks among workers.
///
/// It has no threads of its own: a worker is a thread that calls [`work`](Scheduler::work). Any thread may bring tasks, by
/// [`schedule`](Scheduler::schedule): workers themselves, while they run a task, and others.
///
/// A task that has been scheduled is run, once, by one of the workers, unless the scheduler is shut down; and soon: as
/// long as a task waits that nobody else is about to run, no worker sleeps. What was done before it was scheduled happens
/// before it is run.
pub struct Scheduler {
    // Yours to fill.
    _todo: (),
}

// And what does a worker have on its thread, so that `schedule` finds it there?

impl Scheduler {
    /// Returns a scheduler for this number of workers. They fire its timers between tasks and while they are idle, and say
    /// what they do to `monitor`.
    pub fn new(workers: usize, timers: sync::Arc<Timers>, monitor: Arc<Monitor>) -> Self {
        let _ = (workers, timers, monitor);
        todo!("make a queue for each worker and one for all, and say that nobody sleeps")
    }

    /// Brings a task, from any thread. A worker of this scheduler puts it into its own queue, at `place`, unless that would
    /// keep the others in the queue waiting for ever. What another thread brings is in no worker's queue, until one takes it.
    ///
    /// After a [shutdown](Scheduler::shut_down) the task is dropped.
    pub fn schedule(&self, task: Arc<Task>, place: Place) {
        let _ = (task, place);
        todo!("put the task into the queue of this worker, or into that of all, and notify")
    }

    /// Sees to it that a worker looks for work: for what has been put into a queue, or a timer that is earlier than all
    /// others. If none of the workers is idle, they will look anyway.
    pub fn notify(&self) {
        todo!("wake a worker that sleeps, unless another one is looking for work already")
    }

    /// Is the worker with this number, counted from 0: runs tasks, and sleeps while there are none. Returns after a
    /// [shutdown](Scheduler::shut_down), when the task that it runs has returned. Each number works once.
    ///
    /// Fires the timers between any two tasks. While it sleeps it uses no processor time. It wakes up when it is notified, or
    /// when the earliest timer is due, and at no other time of its own.
    pub fn work(&self, index: usize) {
        let _ = index;
        todo!("run tasks; without one, search; having found none anywhere, sleep")
    }

    /// Lets all workers return. Then it keeps no task: what waits in a queue is dropped. Any thread may call it, and so
    /// may a task.
    pub fn shut_down(&self) {
        todo!("say that it is over, and wake all workers")
    }

    /// Returns how many tasks are in no worker's queue, for the monitor.
    pub fn queued(&self) -> usize {
        todo!("say how many tasks are in no worker's queue")
    }
}
