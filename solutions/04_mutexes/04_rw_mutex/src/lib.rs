//! The reference solution of the lesson `rw_mutex`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod rw_mutex;
pub use rw_mutex::{RwMutex, RwMutexReadGuard, RwMutexWriteGuard};

/// How many readers may have a lock. In the models it is three, so that they get there.
pub const MAX_READERS: u32 = if cfg!(test) { 3 } else { 1 << 27 };

#[cfg(test)]
#[path = "../../../../exercises/04_mutexes/04_rw_mutex/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("rw_mutex.rs");
