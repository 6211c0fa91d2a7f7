//! Which threads a check has started and which of them still run.

use super::{WATCH, Watch};
use harness_base::protocol::STILL_RUNS;
use parking_lot::Mutex;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The threads of one check.
#[derive(Default)]
pub(super) struct Threads {
    running: Mutex<Vec<Running>>,
    /// The number of the next one.
    next: AtomicU64,
}

struct Running {
    serial: u64,
    name: Option<String>,
    spawned: &'static Location<'static>,
}

impl Threads {
    pub(super) fn all_ended(&self) -> bool {
        self.running.lock().is_empty()
    }

    pub(super) fn any_started(&self) -> bool {
        self.next.load(Relaxed) > 0
    }

    pub(super) fn running(&self) -> Vec<String> {
        self.running
            .lock()
            .iter()
            .map(|thread| {
                let name = thread.name.as_deref().map(|n| format!(" {n:?}"));
                format!(
                    "thread{}{STILL_RUNS}{}",
                    name.unwrap_or_default(),
                    harness_report::place::full(thread.spawned)
                )
            })
            .collect()
    }

    /// Forgets those that were reported, so that the next round accuses only its own.
    pub(super) fn clear(&self) {
        self.running.lock().clear();
    }
}

/// A thread about to be spawned by the current one. Without a check it costs one look at a thread-local.
#[track_caller]
pub(crate) fn thread_started(name: Option<&str>) -> Started {
    let Some(watch) = WATCH.get() else {
        return Started(None);
    };
    let serial = watch.threads.next.fetch_add(1, Relaxed);
    watch.threads.running.lock().push(Running {
        serial,
        name: name.map(str::to_owned),
        spawned: Location::caller(),
    });
    Started(Some((watch, serial)))
}

/// Runs in the new thread: makes it belong to the check, and reports its end when dropped, which also
/// happens if it panics or is never started.
pub(crate) struct Started(Option<(&'static Watch, u64)>);

impl Started {
    pub(crate) fn run<T>(self, f: impl FnOnce() -> T) -> T {
        // The heap must be charged to the check until the thread is really gone, so this is not undone.
        WATCH.set(self.0.map(|(watch, _)| watch));
        f()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if let Some((watch, serial)) = self.0 {
            watch.threads.running.lock().retain(|thread| thread.serial != serial);
        }
    }
}
