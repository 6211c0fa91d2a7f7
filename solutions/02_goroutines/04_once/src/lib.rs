//! The reference solution of the lesson `once`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod once;
pub use once::Once;

#[cfg(test)]
#[path = "../../../../exercises/02_goroutines/04_once/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("once.rs");
