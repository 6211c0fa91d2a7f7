//! The reference solution of the lesson `lazy`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod lazy;
pub use lazy::Lazy;

#[cfg(test)]
#[path = "../../../../exercises/02_goroutines/05_lazy/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("lazy.rs");
