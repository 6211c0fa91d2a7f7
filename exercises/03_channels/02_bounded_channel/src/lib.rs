//! Wiring for the lesson `bounded_channel`: nothing to edit here. Your file is `bounded_channel.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face.

#[cfg(test)]
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::model as sync;
#[cfg(not(test))]
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;

mod bounded_channel;
pub use bounded_channel::Channel;

#[cfg(test)]
mod race_freedom;

harness::facade_only!("bounded_channel.rs");
