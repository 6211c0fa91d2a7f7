//! Wiring for the lesson `work_stealing`: nothing to edit here. Your file is `work_stealing.rs`. `run_queue.rs` is given:
//! the owner's side of the queue, as in lesson 7.1.
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

#[allow(dead_code, reason = "the stub does not use it yet")]
mod run_queue;
pub use run_queue::{Global, Local, Stealer};

mod work_stealing;
pub use work_stealing::{Pass, StealOrder, steal_work};

#[cfg(test)]
mod race_freedom;

harness::facade_only!("work_stealing.rs");
