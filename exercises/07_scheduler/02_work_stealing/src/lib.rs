//! Wiring for the lesson `work_stealing`: nothing to edit here. Your file is `work_stealing.rs`. The queue itself
//! is the reference of the lesson `run_queue`, with shared tasks.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

/// How many tasks the ring holds: a power of two. The models make do with four.
pub const CAPACITY: usize = if cfg!(test) { 4 } else { 256 };

/// The number that a queue gives to its first task: so near the last `u32` that the numbers wrap in every program. The
/// models begin with 0, for the reader's sake.
pub const START: u32 = if cfg!(test) { 0 } else { u32::MAX - 99 };

/// A task outside of the queues: a goroutine is known to its waker and to its join handle too. Inside it is a pointer, which
/// counts as one reference. This `Arc` is std's in the models too.
pub type Task<T> = sync::task::Arc<T>;

#[allow(dead_code, reason = "the stub does not use all of it")]
#[path = "../../../../solutions/07_scheduler/01_run_queue/src/run_queue.rs"]
mod run_queue;
pub use run_queue::{Global, Local, Stealer};

mod batch;
mod work_stealing;
pub use work_stealing::{Pass, StealOrder, steal_work};

#[cfg(test)]
mod race_freedom;

harness::facade_only!("work_stealing.rs");
