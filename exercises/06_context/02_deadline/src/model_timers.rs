//! Given: alarms as the models see them, with the API of `timers.rs`. They have no thread: a thread of the model
//! [makes them go off](Timers::go_off), so that a model explores what the thread of real timers could do, and nothing of how
//! it sleeps.

#![allow(missing_docs, reason = "they stand in timers.rs")]

use crate::sync::Mutex;
use crate::sync::time::{Clock, Instant};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

type Pending = BTreeMap<usize, (Instant, Box<dyn FnOnce() + Send>)>;

pub struct Timers {
    clock: Clock,
    alarms: Arc<Mutex<Pending>>,
    /// Looked at when the threads have been joined.
    set: AtomicUsize,
}

impl Timers {
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            alarms: Arc::new(Mutex::named("alarms", Pending::new())),
            set: AtomicUsize::new(0),
        }
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    #[track_caller]
    pub fn call_at(&self, deadline: Instant, f: impl FnOnce() + Send + 'static) -> Alarm {
        let id = self.set.fetch_add(1, Relaxed);
        self.alarms.lock().insert(id, (deadline, Box::new(f)));
        Alarm {
            id,
            alarms: Arc::clone(&self.alarms),
        }
    }

    /// Calls what is due, as the thread of real timers does at some time.
    #[track_caller]
    pub fn go_off(&self) {
        let now = self.clock.now();
        loop {
            let mut alarms = self.alarms.lock();
            let due = alarms.iter().find(|(_, (deadline, _))| *deadline <= now);
            let Some(id) = due.map(|(id, _)| *id) else {
                return;
            };
            let alarm = alarms.remove(&id);
            drop(alarms);
            alarm.expect("it was there").1();
        }
    }

    pub fn set(&self) -> usize {
        self.set.load(Relaxed)
    }

    #[track_caller]
    pub fn pending(&self) -> usize {
        self.alarms.lock().len()
    }
}

#[must_use = "dropping an alarm stops it"]
pub struct Alarm {
    id: usize,
    alarms: Arc<Mutex<Pending>>,
}

impl Alarm {
    #[track_caller]
    pub fn stop(&self) -> bool {
        let alarm = self.alarms.lock().remove(&self.id);
        // The lock is free when the function is dropped.
        alarm.is_some()
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.stop();
    }
}
