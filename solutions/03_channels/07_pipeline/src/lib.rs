//! The reference solution of the lesson `pipeline`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod pipeline;
pub use pipeline::{Stage, stage};

#[cfg(test)]
#[path = "../../../../exercises/03_channels/07_pipeline/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("pipeline.rs");
