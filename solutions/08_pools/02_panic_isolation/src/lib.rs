//! The reference solution of the lesson `panic_isolation`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod panic_isolation;
pub use panic_isolation::{Handle, Pool};

#[cfg(test)]
#[path = "../../../../exercises/08_pools/02_panic_isolation/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("panic_isolation.rs");
