//! The reference solution of the lesson `timer`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use channels::model as channel;
#[cfg(not(test))]
use channels::real as channel;
#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod timer;
pub use timer::{Callback, Timer, Timers};

#[cfg(not(test))]
#[allow(clippy::duplicate_mod, reason = "one source, two faces")]
pub mod model;

#[cfg(test)]
#[path = "../../../../exercises/05_select/05_timer/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("timer.rs");
