//! Wiring for the lesson `spsc_ring`: nothing to edit here. Your file is `spsc_ring.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face.

#[cfg(test)]
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::model as sync;
#[cfg(not(test))]
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;

mod spsc_ring;
pub use spsc_ring::{Consumer, Producer, ring};

#[cfg(test)]
mod race_freedom;

harness::facade_only!("spsc_ring.rs");
