//! The heap's balance, per check, and where an allocation came from.

use super::{WATCH, Watch};
use harness_base::text::count;
use parking_lot::Mutex;
use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Once;
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

/// Bytes allocated less bytes freed by the threads of one check. Bytes and not blocks: a vector that grows for ever is
/// one block.
#[derive(Default)]
pub(super) struct Balance {
    bytes: AtomicIsize,
    tracing: AtomicBool,
    /// While tracing: live blocks, by address.
    origins: Mutex<HashMap<usize, Origin>>,
}

struct Origin {
    bytes: usize,
    /// Nothing in a thread that panics, which may hold std's lock on backtraces.
    trace: Option<Backtrace>,
}

thread_local! {
    /// Whether the allocator is at work for its own bookkeeping.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

impl Balance {
    pub(super) fn bytes(&self) -> isize {
        // The threads that counted have been seen to end, or the caller looks again.
        self.bytes.load(Relaxed)
    }

    /// From now on, remember where each block comes from.
    pub(super) fn trace(&'static self) -> Tracing {
        self.tracing.store(true, Relaxed);
        Tracing(self)
    }

    fn allocated(&self, address: usize, bytes: usize) {
        self.bytes.fetch_add(bytes.cast_signed(), Relaxed);
        if self.tracing.load(Relaxed) {
            bookkeeping(|| {
                let trace = (!std::thread::panicking()).then(Backtrace::force_capture);
                self.origins.lock().insert(address, Origin { bytes, trace });
            });
        }
    }

    fn freed(&self, address: usize, bytes: usize) {
        self.bytes.fetch_sub(bytes.cast_signed(), Relaxed);
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

/// From now on, what the panic hook allocates is not counted: libtest keeps what it prints.
pub(super) fn leave_out_the_panic_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let before = INSIDE.replace(true);
            hook(info);
            INSIDE.set(before);
        }));
    });
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
                let place = match &origin.trace {
                    None => "in a thread that panics".to_owned(),
                    Some(trace) => match place(trace) {
                        Some(place) => place,
                        None => continue,
                    },
                };
                let place = places.entry(place).or_default();
                place.0 += 1;
                place.1 += origin.bytes;
            }
            let mut places: Vec<_> = places.into_iter().collect();
            places.sort_by(|a, b| b.1.0.cmp(&a.1.0).then_with(|| a.0.cmp(&b.0)));
            lines = places
                .into_iter()
                .map(|(place, (blocks, bytes))| {
                    let blocks = count(blocks, "block");
                    format!("{blocks} ({bytes} bytes) never freed: allocated {place}")
                })
                .collect();
        });
        lines
    }
}

/// The innermost frame of the program itself: not of std, of a dependency, or of the harness. `None` if it is a
/// `println!` or the like: libtest keeps what a test prints.
fn place(trace: &Backtrace) -> Option<String> {
    let text = trace.to_string();
    if text.contains("std::io::stdio::print_to") {
        return None;
    }
    let mut function = "";
    for line in text.lines().map(str::trim) {
        let Some(location) = line.strip_prefix("at ") else {
            function = line.split_once(": ").map_or(line, |(_, name)| name);
            continue;
        };
        let foreign = [
            "/rustc/",
            "/.cargo/registry/",
            "/library/",
            "src/leaks/",
            "src/sync/",
            "src/testing/",
        ];
        // The shim that calls the allocator is charged to the line with `#[global_allocator]`.
        let shim = function.contains("__rust_alloc") || function.contains("__rust_realloc");
        // Whatever is not Rust is the C library: it starts threads.
        let rust = location.contains(".rs:");
        if rust && !shim && !foreign.iter().any(|part| location.contains(part)) {
            // "path:line:column": the column is noise.
            let location = location.rsplit_once(':').map_or(location, |(place, _)| place);
            let location = location.strip_prefix("./").unwrap_or(location);
            return Some(format!("at {location} in {function}"));
        }
    }
    Some("outside the program's own code".to_owned())
}

/// What stands before every block: the check it is charged to, or null. A block is often freed by another
/// thread than the one that allocated it (what `std::thread::spawn` hands to the new thread is), and by then
/// that thread may belong to no check or to another; so the block itself says who is to be told.
type Header = *const Watch;

/// The layout of a block with its header in front, and the distance from the one to the other.
fn with_header(layout: Layout) -> Option<(Layout, usize)> {
    Layout::new::<Header>().extend(layout).ok()
}

// SAFETY: a block is the end of a larger block from `System`, at the distance that `Layout::extend` computes
// for this very layout: it has the size and the alignment asked for, and overlaps nothing. The header lies
// before it, so nothing the owner of the block does can touch it. The bookkeeping allocates through here in
// turn, uncharged, because `INSIDE` is set.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some((whole, distance)) = with_header(layout) else {
            return std::ptr::null_mut();
        };
        // SAFETY: `whole` holds a header, so its size is not zero.
        let start = unsafe { System.alloc(whole) };
        if start.is_null() {
            return start;
        }
        let watch = current();
        // SAFETY: `distance` is inside the allocation, and at least a header's size. The place right before
        // the block is aligned for a header: `distance` is a multiple of the block's alignment, or a header's
        // size where that is larger.
        let block = unsafe {
            let block = start.add(distance);
            block.cast::<Header>().sub(1).write(watch.map_or(std::ptr::null(), |w| w));
            block
        };
        if let Some(watch) = watch {
            watch.heap.allocated(block.addr(), layout.size());
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some((whole, distance)) = with_header(layout) else {
            return;
        };
        // SAFETY: the block came from `alloc` with this layout, as the caller promises: a header stands right
        // before it, and a watch lives as long as the process.
        let watch = unsafe { block.cast::<Header>().sub(1).read().as_ref() };
        if let Some(watch) = watch {
            watch.heap.freed(block.addr(), layout.size());
        }
        // SAFETY: that is where the larger block begins, and its layout.
        unsafe { System.dealloc(block.sub(distance), whole) }
    }
}

/// The check that the running thread allocates for.
fn current() -> Option<&'static Watch> {
    if !COUNTING.load(Relaxed) {
        COUNTING.store(true, Relaxed);
    }
    if INSIDE.get() {
        return None;
    }
    // `try_with`: the thread-local has no destructor and is always there, but the allocator must not
    // panic even if that changes.
    WATCH.try_with(Cell::get).ok().flatten()
}
