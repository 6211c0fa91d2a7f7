//! The reference solution of the lesson `bounded_channel`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod bounded_channel;
pub use bounded_channel::Channel;

#[cfg(test)]
#[path = "../../../../exercises/03_channels/02_bounded_channel/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("bounded_channel.rs");
