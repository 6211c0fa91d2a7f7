//! The reference solution of the lesson `worker_pool`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod worker_pool;
pub use worker_pool::{Full, Results, WorkerPool};

#[cfg(test)]
#[path = "../../../../exercises/08_pools/01_worker_pool/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("worker_pool.rs");
