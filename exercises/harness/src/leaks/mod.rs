//! Nothing may be left behind: no thread, no value, no allocation.
//!
//! May use places, [`text`](harness_base::text), the [`protocol`] and [`liveness`].
//!
//! [`check`] runs a closure a few times and then requires that
//! - every thread started in it, through `crate::sync::thread`, has ended;
//! - every value wrapped by [`track`] was dropped exactly once;
//! - the heap does not grow with the number of runs, if the test binary has the [`CountingAllocator`].
//!
//! A thread that is about to end and a destructor that is about to run are waited for: the check looks
//! again and again, for two seconds and for half a second, before it accuses. What it then reports has a place of origin: the
//! line that spawned the thread, made the value, or allocated the block.
//!
//! ```
//! #[global_allocator]
//! static ALLOCATOR: harness::leaks::CountingAllocator = harness::leaks::CountingAllocator;
//!
//! # fn main() {
//! harness::leaks::check(|| {
//!     let value = harness::leaks::track(String::from("dropped at the end of the closure"));
//!     drop(value);
//! });
//! # }
//! ```

mod heap;
mod threads;
mod values;

pub use heap::CountingAllocator;
pub(crate) use threads::thread_started;
pub(crate) use values::{Owner, Unbalanced, with_owner};
pub use values::{Tracked, track};

use harness_base::liveness::{self, Limits};
use harness_base::protocol::{self, Kind};
use std::cell::Cell;
use std::fmt;
use std::panic::{Location, resume_unwind};
use std::time::{Duration, Instant};

/// How long a thread that has been told to end, or a value that is about to be dropped, may take: as all times here,
/// without that in which threads waited for a processor.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a thread that has run its last line may take to vanish: it still drops its thread-locals, and
/// with them perhaps a value, and frees what the operating system's thread was made of.
const GRACE: Duration = Duration::from_millis(500);

/// How long the heap must stand still to count as settled while threads may still be ending.
const STILL: Duration = Duration::from_millis(10);

/// How often the closure runs before the heap is watched. Lazily made statics and thread-locals settle meanwhile, and
/// a vector to which each run adds one element has outgrown its first capacity, which is eight at most.
const WARM_UP_ROUNDS: usize = 8;

/// The heap is compared each time the number of rounds has doubled, this often. What grows for ever shows every time,
/// even if it doubles its capacity whenever it is full; a cache that happened to grow does not.
const DOUBLINGS: usize = 3;

/// What one leak check watches. It lives as long as the process: a thread may outlive the check, and
/// still writes here when it ends.
struct Watch {
    threads: threads::Threads,
    heap: heap::Balance,
    values: Owner,
}

impl Watch {
    fn new() -> Self {
        Self {
            threads: threads::Threads::default(),
            heap: heap::Balance::default(),
            values: Owner::new(),
        }
    }
}

thread_local! {
    /// The check that this thread belongs to: the one that runs it, or the one whose thread spawned it.
    /// Constant-initialised and without a destructor, so that the allocator may look at it at any time.
    static WATCH: Cell<Option<&'static Watch>> = const { Cell::new(None) };
}

/// What was left behind.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Leaks {
    /// Threads that have not ended, each with its name and where it was spawned.
    pub threads: Vec<String>,
    /// Tracked values not dropped exactly once, with what happened and where they were made: those alike in one line.
    pub values: Vec<String>,
    /// Places that allocate what nothing frees, however often the closure runs; most blocks first.
    pub heap: Vec<String>,
}

impl Leaks {
    fn is_empty(&self) -> bool {
        self.threads.is_empty() && self.values.is_empty() && self.heap.is_empty()
    }
}

impl fmt::Display for Leaks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.threads.iter().chain(&self.values).chain(&self.heap) {
            writeln!(f, "  {line}")?;
        }
        Ok(())
    }
}

/// Runs `body` and fails the test if it leaves a thread, a tracked value or an allocation behind.
///
/// The closure runs several times, so it must start from nothing each time. Checks may run side by side
/// in one process: each sees only its own thread and the threads spawned from there.
///
/// # Panics
/// If something leaks. The report names each culprit and where it came from.
#[track_caller]
pub fn check(body: impl FnMut()) {
    if let Err(leaks) = find(body) {
        let at = Location::caller();
        eprintln!("{}", protocol::failure_line(Kind::Leak));
        eprintln!("\n{leaks}\n  (leak check at {})", harness_report::place::full(at));
        resume_unwind(Box::new("leak".to_owned()));
    }
}

/// Runs `body` as [`check`] does, and returns what it left behind.
///
/// # Errors
/// If something leaks.
pub fn find(mut body: impl FnMut()) -> Result<(), Leaks> {
    let watch: &'static Watch = Box::leak(Box::new(Watch::new()));
    let _watching = Watching::begin(watch);

    if !heap::is_counting() {
        return run_round(watch, &mut body);
    }
    heap::leave_out_the_panic_hook();
    let mut run = |rounds| (0..rounds).try_for_each(|_| run_round(watch, &mut body));
    let mut rounds = WARM_UP_ROUNDS;
    run(rounds)?;
    for _ in 0..DOUBLINGS {
        let before = settled_bytes(watch);
        run(rounds)?;
        if settles(GRACE, || watch.heap.bytes() <= before) {
            return Ok(());
        }
        rounds *= 2;
    }
    // What leaks in every round shows in one; what grows now and then, when the rounds double once more.
    for rounds in [1, rounds] {
        let tracing = watch.heap.trace();
        run(rounds)?;
        settled_bytes(watch);
        let heap = tracing.survivors();
        if !heap.is_empty() {
            return Err(Leaks { heap, ..Leaks::default() });
        }
    }
    // What has grown is what the test has printed.
    Ok(())
}

/// Lets `f` run on another thread as if on this one: what it spawns, tracks and allocates there belongs to the check of this
/// thread. The other thread itself is not counted.
pub(crate) fn for_this_check<R>(f: impl FnOnce() -> R) -> impl FnOnce() -> R {
    let watch = WATCH.get();
    move || match watch {
        None => f(),
        Some(watch) => {
            WATCH.set(Some(watch));
            with_owner(&watch.values, f)
        }
    }
}

/// Runs `f` once, on a thread that has run nothing before, and returns how many bytes it has left on the heap while that
/// thread is still there: also what it keeps in a thread-local, which [`check`] takes for settled.
///
/// # Panics
/// As `f` does.
pub fn bytes_left_by(f: impl FnOnce() + Send) -> isize {
    let watch: &'static Watch = Box::leak(Box::new(Watch::new()));
    let run = || {
        let watching = Watching::begin(watch);
        with_owner(&watch.values, f);
        drop(watching);
        watch.heap.bytes()
    };
    std::thread::scope(|s| s.spawn(run).join()).unwrap_or_else(|panic| resume_unwind(panic))
}

/// One run of the body; then its threads must have ended and its values must be gone.
fn run_round(watch: &'static Watch, body: &mut impl FnMut()) -> Result<(), Leaks> {
    with_owner(&watch.values, body);
    let quiet = settles(PATIENCE, || watch.threads.all_ended())
        && settles(GRACE, || watch.values.is_balanced());
    let leaks = if quiet {
        Leaks::default()
    } else {
        Leaks {
            threads: watch.threads.running(),
            values: watch.values.unbalanced().iter().map(Unbalanced::to_string).collect(),
            heap: Vec::new(),
        }
    };
    watch.threads.clear();
    watch.values.clear();
    if leaks.is_empty() { Ok(()) } else { Err(leaks) }
}

/// The bytes in use once the threads of the last round are gone: a block of theirs that is freed later would hide one
/// that leaks.
fn settled_bytes(watch: &Watch) -> isize {
    let mut bytes = watch.heap.bytes();
    let deadline = Instant::now() + GRACE;
    while watch.threads.any_started() && Instant::now() < deadline {
        std::thread::sleep(STILL);
        let now = watch.heap.bytes();
        if now == bytes {
            break;
        }
        bytes = now;
    }
    bytes
}

/// Looks until `condition` holds, or until patience ends or no thread is left that could make it true; more and more
/// rarely.
fn settles(patience: Duration, mut condition: impl FnMut() -> bool) -> bool {
    const RARELY: Duration = Duration::from_millis(20);
    let limits = Limits { processor: None, time: patience };
    // What it allocates is not the program's.
    let mut threads = Watching::nothing(|| liveness::Watch::others(limits));
    let mut pause = Duration::from_micros(20);
    let mut halted = false;
    while !condition() {
        if halted {
            return false;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(RARELY);
        halted = pause == RARELY && Watching::nothing(|| threads.look()).is_some();
    }
    true
}

/// Makes a check the current one of this thread, for as long as it lives.
struct Watching {
    previous: Option<&'static Watch>,
}

impl Watching {
    /// Runs `f` outside any check.
    fn nothing<T>(f: impl FnOnce() -> T) -> T {
        let _none = Self { previous: WATCH.take() };
        f()
    }

    fn begin(watch: &'static Watch) -> Self {
        Self { previous: WATCH.replace(Some(watch)) }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        WATCH.set(self.previous);
    }
}
