//! The timers under the model checker, for the models of lessons that stand on this one.

use channels::model as channel;
use harness::sync::model as sync;

#[path = "timer.rs"]
mod timer;
pub use timer::{Callback, Timer, Timers};
