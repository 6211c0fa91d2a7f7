//! The heap's balance, per check, and where an allocation came from.

use super::WATCH;
use parking_lot::Mutex;
use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed};

/// The system's allocator, counting for [`check`](super::check). A test binary that wants its heap checked
/// says
/// ```
/// #[global_allocator]
/// static ALLOCATOR: harness::leaks::CountingAllocator = harness::leaks::CountingAllocator;
/// # fn main() {}
/// ```
#[derive(Debug, Default)]
pub struct CountingAllocator;

/// Set by the first allocation: there is one long before any test runs.
static COUNTING: AtomicBool = AtomicBool::new(false);

pub(super) fn is_counting() -> bool {
    COUNTING.load(Relaxed)
}

/// Blocks allocated less blocks freed by the threads of one check.
#[derive(Default)]
pub(super) struct Balance {
    blocks: AtomicIsize,
    tracing: AtomicBool,
    /// While tracing: live blocks, by address.
    origins: Mutex<HashMap<usize, Origin>>,
}

struct Origin {
    bytes: usize,
    trace: Backtrace,
}

thread_local! {
    /// Whether the allocator is at work for its own bookkeeping.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

impl Balance {
    pub(super) fn blocks(&self) -> isize {
        // The threads that counted have been seen to end, or the caller looks again.
        self.blocks.load(Relaxed)
    }

    /// From now on, remember where each block comes from.
    pub(super) fn trace(&'static self) -> Tracing {
        self.tracing.store(true, Relaxed);
        Tracing(self)
    }

    fn allocated(&self, address: usize, bytes: usize) {
        self.blocks.fetch_add(1, Relaxed);
        if self.tracing.load(Relaxed) {
            bookkeeping(|| {
                let trace = Backtrace::force_capture();
                self.origins.lock().insert(address, Origin { bytes, trace });
            });
        }
    }

    fn freed(&self, address: usize) {
        self.blocks.fetch_sub(1, Relaxed);
        if self.tracing.load(Relaxed) {
            bookkeeping(|| drop(self.origins.lock().remove(&address)));
        }
    }
}

/// Runs `f` without counting what it allocates; does nothing if that is going on already.
fn bookkeeping(f: impl FnOnce()) {
    if !INSIDE.replace(true) {
        f();
        INSIDE.set(false);
    }
}

pub(super) struct Tracing(&'static Balance);

impl Tracing {
    /// One line for each place in the program whose blocks are still there, most blocks first.
    pub(super) fn survivors(self) -> Vec<String> {
        self.0.tracing.store(false, Relaxed);
        let mut lines = Vec::new();
        bookkeeping(|| {
            let mut places: HashMap<String, (usize, usize)> = HashMap::new();
            for (_, origin) in self.0.origins.lock().drain() {
                let place = places.entry(place(&origin.trace)).or_default();
                place.0 += 1;
                place.1 += origin.bytes;
            }
            let mut places: Vec<_> = places.into_iter().collect();
            places.sort_by(|a, b| b.1.0.cmp(&a.1.0).then_with(|| a.0.cmp(&b.0)));
            lines = places
                .into_iter()
                .map(|(place, (blocks, bytes))| {
                    let s = if blocks == 1 { "" } else { "s" };
                    format!("{blocks} block{s} ({bytes} bytes) never freed: allocated {place}")
                })
                .collect();
        });
        lines
    }
}

/// The innermost frame of the program itself: not of std, of a dependency, or of this file.
fn place(trace: &Backtrace) -> String {
    let text = trace.to_string();
    let mut function = "";
    for line in text.lines().map(str::trim) {
        let Some(location) = line.strip_prefix("at ") else {
            function = line.split_once(": ").map_or(line, |(_, name)| name);
            continue;
        };
        let foreign = ["/rustc/", "/.cargo/registry/", "/library/", "harness/src/"];
        if !foreign.iter().any(|part| location.contains(part)) {
            // "path:line:column": the column is noise.
            let location = location
                .rsplit_once(':')
                .map_or(location, |(place, _)| place);
            let location = location.strip_prefix("./").unwrap_or(location);
            return format!("at {location} in {function}");
        }
    }
    "outside the program's own code".to_owned()
}

// SAFETY: every method hands its arguments to `System`, which meets the contract, and returns what it
// returned. The bookkeeping beside it does not touch the memory, and allocates through `System` in turn
// because `INSIDE` keeps it from counting itself.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise about `layout` is what `System` asks for.
        let block = unsafe { System.alloc(layout) };
        if !block.is_null() {
            count(|balance| balance.allocated(block.addr(), layout.size()));
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(|balance| balance.freed(block.addr()));
        // SAFETY: the block came from `System` with this layout, as the caller promises.
        unsafe { System.dealloc(block, layout) }
    }
}

fn count(f: impl FnOnce(&Balance)) {
    if !COUNTING.load(Relaxed) {
        COUNTING.store(true, Relaxed);
    }
    // `try_with`: the thread-local has no destructor and is always there, but the allocator must not
    // panic even if that changes.
    if let Ok(Some(watch)) = WATCH.try_with(Cell::get)
        && !INSIDE.get()
    {
        f(&watch.heap);
    }
}
