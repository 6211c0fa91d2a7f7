//! The reference solution of the lesson `unbuffered_channel`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod unbuffered_channel;
pub use unbuffered_channel::{Receiver, Sender, channel};

#[cfg(test)]
#[path = "../../../../exercises/03_channels/04_unbuffered_channel/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("unbuffered_channel.rs");
