//! The reference solution of the lesson `barrier`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod barrier;
pub use barrier::{Barrier, BarrierWaitResult};

#[cfg(test)]
#[path = "../../../../exercises/02_goroutines/06_barrier/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("barrier.rs");
