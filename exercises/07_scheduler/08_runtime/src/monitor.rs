//! Given: what each worker reports, and the picture of it.

use super::sync::utils::CachePadded;
use std::fmt;
// Not the facade's: these say something to a person, and order nothing.
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// Where the workers write down what they do. Each has a [`Gauge`], which it alone writes.
pub struct Monitor {
    gauges: Box<[CachePadded<Gauge>]>,
}

impl Monitor {
    pub(super) fn new(workers: usize) -> Self {
        let gauges = (0..workers).map(|_| CachePadded::new(Gauge::default()));
        Self {
            gauges: gauges.collect(),
        }
    }

    /// The gauge of the worker with this number.
    pub fn gauge(&self, worker: usize) -> &Gauge {
        &self.gauges[worker]
    }

    pub(super) fn workers(&self) -> Vec<WorkerSnapshot> {
        self.gauges.iter().map(|gauge| gauge.read()).collect()
    }
}

/// What one worker reports. Only that worker calls the functions that count: they do so by a load and a store.
#[derive(Default)]
pub struct Gauge {
    /// The goroutine that runs, or one of the two below.
    running: AtomicU64,
    queued: AtomicU32,
    ran: AtomicU64,
    stolen: AtomicU64,
    parked: AtomicU64,
}

const SEARCHING: u64 = 0;
const PARKED: u64 = u64::MAX;

impl Gauge {
    /// It begins to run a goroutine, and `queued` others stand in its queue.
    #[inline]
    pub fn runs(&self, goroutine: u64, queued: usize) {
        self.running.store(goroutine, Relaxed);
        self.queued.store(queued as u32, Relaxed);
        add_one(&self.ran);
    }

    /// It has nothing to run, and looks for something.
    pub fn searches(&self) {
        self.running.store(SEARCHING, Relaxed);
        self.queued.store(0, Relaxed);
    }

    /// It has taken a goroutine, or several at once, from another worker's queue.
    pub fn steals(&self) {
        add_one(&self.stolen);
    }

    /// It goes to sleep.
    pub fn parks(&self) {
        self.running.store(PARKED, Relaxed);
        self.queued.store(0, Relaxed);
        add_one(&self.parked);
    }

    /// How many goroutines it has begun to run. Any thread may ask, and may be told an old number.
    pub fn ran(&self) -> u64 {
        self.ran.load(Relaxed)
    }

    /// How many stood in its queue when it last said so. Any thread may ask, and may be told an old number.
    pub fn queued(&self) -> usize {
        self.queued.load(Relaxed) as usize
    }

    fn read(&self) -> WorkerSnapshot {
        WorkerSnapshot {
            doing: match self.running.load(Relaxed) {
                SEARCHING => Doing::Searching,
                PARKED => Doing::Parked,
                goroutine => Doing::Running(goroutine),
            },
            queued: self.queued(),
            ran: self.ran(),
            stolen: self.stolen.load(Relaxed),
            parked: self.parked.load(Relaxed),
        }
    }
}

#[inline]
fn add_one(counter: &AtomicU64) {
    counter.store(counter.load(Relaxed) + 1, Relaxed);
}

/// What a runtime was doing when it was asked. Its parts are read one after another, while the workers go on.
///
/// Its `Display` draws it:
///
/// ```text
/// goroutines 12   global queue 3   timers 1
/// worker  doing           queued      ran   steals    parks
///      0  goroutine 17         8     4711        3        9
///      1  parked               0      812       40       41
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// How many goroutines have not ended.
    pub goroutines: usize,
    /// How many are in the queue of all workers.
    pub global: usize,
    /// How many [`sleep`](super::sleep).
    pub timers: usize,
    /// What each worker reports.
    pub workers: Vec<WorkerSnapshot>,
}

/// What a worker reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerSnapshot {
    /// What it does.
    pub doing: Doing,
    /// How many goroutines stood in its own queue when it began to run the one that it runs.
    pub queued: usize,
    /// How often it has run one.
    pub ran: u64,
    /// How often it has taken some from another worker.
    pub stolen: u64,
    /// How often it has gone to sleep.
    pub parked: u64,
}

/// What a worker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// It runs the goroutine with this number.
    Running(u64),
    /// It looks for one.
    Searching,
    /// It sleeps until there is something to do.
    Parked,
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running(goroutine) => f.pad(&format!("goroutine {goroutine}")),
            Self::Searching => f.pad("searching"),
            Self::Parked => f.pad("parked"),
        }
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            goroutines,
            global,
            timers,
            workers,
        } = self;
        writeln!(
            f,
            "goroutines {goroutines}   global queue {global}   timers {timers}"
        )?;
        write!(
            f,
            "worker  {:<16}{:>6} {:>8} {:>8} {:>8}",
            "doing", "queued", "ran", "steals", "parks"
        )?;
        for (number, worker) in workers.iter().enumerate() {
            write!(
                f,
                "\n{number:>6}  {:<16}{:>6} {:>8} {:>8} {:>8}",
                worker.doing, worker.queued, worker.ran, worker.stolen, worker.parked,
            )?;
        }
        Ok(())
    }
}
