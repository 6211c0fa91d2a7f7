//! The reference solution of the lesson `packed_wait_group`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod packed_wait_group;
pub use packed_wait_group::WaitGroup;

#[cfg(test)]
#[path = "../../../../exercises/02_goroutines/03_packed_wait_group/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("packed_wait_group.rs");
