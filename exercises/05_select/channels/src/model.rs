//! Under the model checker.

use harness::sync::model as sync;

#[path = "channel.rs"]
mod channel;
pub use channel::*;
