//! The reference solution of the lesson `run_queue`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
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
#[path = "../../../../exercises/07_scheduler/01_run_queue/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("run_queue.rs");
