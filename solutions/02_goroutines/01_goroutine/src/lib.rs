//! The reference solution of the lesson `goroutine`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod goroutine;
pub use goroutine::{JoinHandle, go};

#[cfg(test)]
#[path = "../../../../exercises/02_goroutines/01_goroutine/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("goroutine.rs");
