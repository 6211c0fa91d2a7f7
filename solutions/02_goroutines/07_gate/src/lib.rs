//! The reference solution of the lesson `gate`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod gate;
pub use gate::Gate;

#[cfg(test)]
#[path = "../../../../exercises/02_goroutines/07_gate/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("gate.rs");
