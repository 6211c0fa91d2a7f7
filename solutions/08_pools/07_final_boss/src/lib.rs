//! The reference solution of the lesson `final_boss`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(not(test))]
use cancellation_solution as cancellation;
#[cfg(test)]
use cancellation_solution::model as cancellation;
#[cfg(test)]
use channels::model as channel;
#[cfg(not(test))]
use channels::real as channel;
#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;
#[cfg(not(test))]
use select_solution as select;
#[cfg(test)]
use select_solution::model as select;

/// How many jobs the queue of one worker holds. The models make do with two.
pub const LOCAL: usize = if cfg!(test) { 2 } else { 256 };

/// How often in succession a priority is passed over, at most, and how many jobs of its own a worker takes in
/// succession. The models make do with two.
pub const PATIENCE: u32 = if cfg!(test) { 2 } else { 8 };

/// How often a worker that has found nothing may yield and look again before it sleeps. To sleep and to be
/// woken takes as long as some jobs of a microsecond. In the models it sleeps at once.
pub const LOOKS: u32 = if cfg!(test) { 0 } else { 32 };

#[path = "../../../../exercises/08_pools/07_final_boss/src/job.rs"]
mod job;
#[path = "../../../../exercises/08_pools/07_final_boss/src/metrics.rs"]
mod metrics;
pub use job::{Handle, Job, JobError, Priority, Reason, Refused, Terms, Wait};
pub use metrics::{Counter, Counters, Metrics, Submissions};

mod final_boss;
pub use final_boss::{Pool, Worker};

#[cfg(not(test))]
#[path = "../../../../exercises/08_pools/07_final_boss/src/soak.rs"]
mod soak;
#[cfg(not(test))]
pub use soak::soak_round;

#[cfg(test)]
#[path = "../../../../exercises/08_pools/07_final_boss/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("final_boss.rs");
