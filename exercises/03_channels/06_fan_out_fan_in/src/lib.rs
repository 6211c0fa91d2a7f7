//! Wiring for the lesson `fan_out_fan_in`: nothing to edit here. Your file is `fan_out_fan_in.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;

mod fan_out_fan_in;
pub use fan_out_fan_in::{FanIn, fan_out};

#[cfg(test)]
mod race_freedom;

harness::facade_only!("fan_out_fan_in.rs");
