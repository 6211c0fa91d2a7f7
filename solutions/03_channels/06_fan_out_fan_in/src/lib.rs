//! The reference solution of the lesson `fan_out_fan_in`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod fan_out_fan_in;
pub use fan_out_fan_in::{FanIn, fan_out};

#[cfg(test)]
#[path = "../../../../exercises/03_channels/06_fan_out_fan_in/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("fan_out_fan_in.rs");
