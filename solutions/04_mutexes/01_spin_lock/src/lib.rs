//! The reference solution of the lesson `spin_lock`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod spin_lock;
pub use spin_lock::{SpinLock, SpinLockGuard};

#[cfg(test)]
#[path = "../../../../exercises/04_mutexes/01_spin_lock/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("spin_lock.rs");
