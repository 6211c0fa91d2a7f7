//! The reference solution of the lesson `parallel_sum`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod parallel_sum;
pub use parallel_sum::{reduce, sum};

#[cfg(test)]
#[path = "../../../../exercises/01_fundamentals/01_parallel_sum/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("parallel_sum.rs");
