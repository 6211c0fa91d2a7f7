//! Wiring for the lesson `final_boss`: nothing to edit here. Your file is `final_boss.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit tests, the
//! models in `race_freedom.rs`, see the model face. So it is with the channels, the select and the contexts,
//! which are those of chapters 5 and 6, as their references have them.

#[cfg(not(test))]
use cancellation_solution as cancellation;
#[cfg(test)]
use cancellation_solution::model as cancellation;
#[cfg(test)]
#[allow(unused_imports, reason = "the stub has no use for it")]
use channels::model as channel;
#[cfg(not(test))]
#[allow(unused_imports, reason = "the stub has no use for it")]
use channels::real as channel;
#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;
#[cfg(not(test))]
#[allow(unused_imports, reason = "the stub has no use for it")]
use select_solution as select;
#[cfg(test)]
#[allow(unused_imports, reason = "the stub has no use for it")]
use select_solution::model as select;

/// How many jobs the queue of one worker holds. The models make do with two.
pub const LOCAL: usize = if cfg!(test) { 2 } else { 256 };

/// How often in succession a priority is passed over, at most, and how many jobs of its own a worker takes in
/// succession. The models make do with two.
pub const PATIENCE: u32 = if cfg!(test) { 2 } else { 8 };

/// How often a worker that has found nothing may yield and look again before it sleeps. To sleep and to be
/// woken takes as long as some jobs of a microsecond. In the models it sleeps at once.
pub const LOOKS: u32 = if cfg!(test) { 0 } else { 32 };

mod job;
mod metrics;
pub use job::{Handle, Job, JobError, Priority, Reason, Refused, Terms, Wait};
pub use metrics::{Counter, Counters, Metrics, Submissions};

mod final_boss;
pub use final_boss::{Pool, Worker};

#[cfg(not(test))]
mod soak;
#[cfg(not(test))]
pub use soak::soak_round;

#[cfg(test)]
mod race_freedom;

harness::facade_only!("final_boss.rs");
