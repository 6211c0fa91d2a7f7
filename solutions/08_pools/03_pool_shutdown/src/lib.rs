//! The reference solution of the lesson `pool_shutdown`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(not(test))]
use cancellation_solution as cancellation;
#[cfg(test)]
use cancellation_solution::model as cancellation;
#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod pool_shutdown;
pub use pool_shutdown::{Pool, Rejected};

#[cfg(test)]
#[path = "../../../../exercises/08_pools/03_pool_shutdown/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("pool_shutdown.rs");
