//! Wiring for the lesson `deadline`: nothing to edit here. Your file is `deadline.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face. So it is with what the lesson stands on: the channels of
//! chapter 5, in `channel`; the tree of the lesson before, in `cancellation`, which is its reference; and alarms, in
//! `timers`: on the machine those are the reference of 5.5, and in a model they go off when the model says so.

#[cfg(test)]
use cancellation_solution::model as cancellation;
#[cfg(test)]
use channels::model as channel;
#[cfg(test)]
use harness::sync::model as sync;

#[cfg(not(test))]
use cancellation_solution as cancellation;
#[cfg(not(test))]
use channels::real as channel;
#[cfg(not(test))]
use harness::sync::real as sync;
#[cfg(not(test))]
use timer_solution as timer;

#[cfg(test)]
#[path = "model_timers.rs"]
mod timers;
#[cfg(not(test))]
mod timers;
pub use timers::{Alarm, Timers};

mod deadline;
pub use cancellation::{Cause, ContextError};
pub use deadline::{CancelOnDrop, Context};

#[cfg(test)]
mod race_freedom;

harness::facade_only!("deadline.rs");
