//! Which threads a check has started and which of them still run.

use super::{WATCH, Watch};
use parking_lot::Mutex;
use std::panic::Location;

/// The threads of one check.
#[derive(Default)]
pub(super) struct Threads(Mutex<Vec<Running>>);

struct Running {
    serial: u64,
    name: Option<String>,
    spawned: &'static Location<'static>,
}

impl Threads {
    pub(super) fn all_ended(&self) -> bool {
        self.0.lock().is_empty()
    }

    pub(super) fn running(&self) -> Vec<String> {
        self.0
            .lock()
            .iter()
            .map(|thread| {
                let name = thread.name.as_deref().map(|n| format!(" {n:?}"));
                format!(
                    "thread{} still runs: spawned at {}:{}",
                    name.unwrap_or_default(),
                    thread.spawned.file(),
                    thread.spawned.line()
                )
            })
            .collect()
    }

    /// Forgets those that were reported, so that the next round accuses only its own.
    pub(super) fn clear(&self) {
        self.0.lock().clear();
    }
}

/// A thread about to be spawned by the current one. Without a check it costs one look at a thread-local.
#[track_caller]
pub(crate) fn thread_started(name: Option<&str>) -> Started {
    let Some(watch) = WATCH.get() else {
        return Started(None);
    };
    let mut threads = watch.threads.0.lock();
    let serial = threads.last().map_or(0, |thread| thread.serial + 1);
    threads.push(Running {
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
            watch
                .threads
                .0
                .lock()
                .retain(|thread| thread.serial != serial);
        }
    }
}
