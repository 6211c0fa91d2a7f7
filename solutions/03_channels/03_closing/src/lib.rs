//! The reference solution of the lesson `closing`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod closing;
pub use closing::{
    Iter, Receiver, RecvError, SendError, Sender, TryRecvError, TrySendError, bounded,
};

#[cfg(test)]
#[path = "../../../../exercises/03_channels/03_closing/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("closing.rs");
