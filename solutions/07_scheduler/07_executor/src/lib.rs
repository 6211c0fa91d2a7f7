//! The reference solution of the lesson `executor`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod executor;
pub use executor::{Executor, JoinError, JoinHandle, block_on};

#[cfg(test)]
#[path = "../../../../exercises/07_scheduler/07_executor/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("executor.rs");
