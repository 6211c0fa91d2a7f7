//! The scheduler that comes to mind: one queue for all workers, behind a lock, and a condition variable.

use super::monitor::Monitor;
use super::sync::task::Arc;
use super::sync::{self, Condvar, Mutex};
use super::task::{Place, Task};
use super::timers::Timers;
use std::collections::VecDeque;

pub struct Scheduler {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    tasks: VecDeque<Arc<Task>>,
    is_closed: bool,
}

impl Scheduler {
    /// What is measured has neither timers nor a monitor.
    pub fn new(_workers: usize, _timers: sync::Arc<Timers>, _monitor: Arc<Monitor>) -> Self {
        Self {
            queue: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    pub fn schedule(&self, task: Arc<Task>, _place: Place) {
        let mut queue = self.queue.lock();
        if !queue.is_closed {
            queue.tasks.push_back(task);
            drop(queue);
            self.notify();
        }
    }

    pub fn notify(&self) {
        self.changed.notify_one();
    }

    pub fn work(&self, _index: usize) {
        let mut queue = self.queue.lock();
        while !queue.is_closed {
            if let Some(task) = queue.tasks.pop_front() {
                drop(queue);
                task.run();
                queue = self.queue.lock();
            } else {
                self.changed.wait(&mut queue);
            }
        }
        queue.tasks.clear();
    }

    pub fn shut_down(&self) {
        self.queue.lock().is_closed = true;
        self.changed.notify_all();
    }

    pub fn queued(&self) -> usize {
        self.queue.lock().tasks.len()
    }
}
