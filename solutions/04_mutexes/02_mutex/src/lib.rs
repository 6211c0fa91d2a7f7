//! The reference solution of the lesson `mutex`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod mutex;
pub use mutex::{Mutex, MutexGuard};

#[cfg(test)]
#[path = "../../../../exercises/04_mutexes/02_mutex/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("mutex.rs");
