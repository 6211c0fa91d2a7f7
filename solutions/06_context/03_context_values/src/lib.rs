//! The reference solution of the lesson `context_values`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod context_values;
pub use context_values::Values;

#[cfg(test)]
#[path = "../../../../exercises/06_context/03_context_values/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("context_values.rs");
