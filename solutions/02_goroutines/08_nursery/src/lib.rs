//! The reference solution of the lesson `nursery`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod nursery;
pub use nursery::{Nursery, open};

#[cfg(test)]
#[path = "../../../../exercises/02_goroutines/08_nursery/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("nursery.rs");
