//! The reference solution of the lesson `parallel_map`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod parallel_map;
pub use parallel_map::{ParallelMap, parallel_map};

#[cfg(test)]
#[path = "../../../../exercises/08_pools/04_parallel_map/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("parallel_map.rs");
