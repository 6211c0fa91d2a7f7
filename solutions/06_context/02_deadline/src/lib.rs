//! The reference solution of the lesson `deadline`, wired like the lesson itself and held to the
//! lesson's own tests.

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
#[path = "../../../../exercises/06_context/02_deadline/src/model_timers.rs"]
mod timers;
#[cfg(not(test))]
#[path = "../../../../exercises/06_context/02_deadline/src/timers.rs"]
mod timers;
pub use timers::{Alarm, Timers};

mod deadline;
pub use cancellation::{Cause, ContextError};
pub use deadline::{CancelOnDrop, Context};

#[cfg(test)]
#[path = "../../../../exercises/06_context/02_deadline/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("deadline.rs");
