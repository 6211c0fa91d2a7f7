//! On the machine.

use harness::sync::real as sync;

#[path = "channel.rs"]
mod channel;
pub use channel::*;
