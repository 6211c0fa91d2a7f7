//! Wiring for the lesson `run_queue`: nothing to edit here. Your file is `run_queue.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face.

#[cfg(test)]
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::model as sync;
#[cfg(not(test))]
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;

/// How many tasks the ring holds: a power of two. The models make do with four.
pub const CAPACITY: usize = if cfg!(test) { 4 } else { 256 };

/// The number that a queue gives to its first task: so near the last `u32` that the numbers wrap in every program. The
/// models begin with 0, for the reader's sake.
pub const START: u32 = if cfg!(test) { 0 } else { u32::MAX - 99 };

/// A task outside of the queues. Inside, it is a pointer.
pub type Task<T> = Box<T>;

mod run_queue;
pub use run_queue::{Global, Local, Stealer};

#[cfg(test)]
mod race_freedom;

harness::facade_only!("run_queue.rs");
