//! The reference solution of the lesson `arc`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod arc;
pub use arc::{Arc, Weak};

/// How many `Arc`s a value may have, and how many `Weak`s. In the models it is four, so that they get there.
pub const MAX_REFERENCES: usize = if cfg!(test) { 4 } else { isize::MAX as usize };

#[cfg(test)]
#[path = "../../../../exercises/04_mutexes/07_arc/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("arc.rs");
