//! The reference solution of the lesson `spsc_ring`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod spsc_ring;
pub use spsc_ring::{Consumer, Producer, ring};

#[cfg(test)]
#[path = "../../../../exercises/03_channels/10_spsc_ring/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("spsc_ring.rs");
