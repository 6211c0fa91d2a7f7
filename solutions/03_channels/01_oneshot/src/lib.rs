//! The reference solution of the lesson `oneshot`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod oneshot;
pub use oneshot::{Receiver, RecvError, SendError, Sender, TryRecvError, channel};

#[cfg(test)]
#[path = "../../../../exercises/03_channels/01_oneshot/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("oneshot.rs");
