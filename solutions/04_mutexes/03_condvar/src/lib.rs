//! The reference solution of the lesson `condvar`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

#[cfg(not(test))]
pub use mutex_solution::{Mutex, MutexGuard};
#[cfg(test)]
pub use sync::{Mutex, MutexGuard};

mod condvar;
pub use condvar::Condvar;

#[cfg(test)]
#[path = "../../../../exercises/04_mutexes/03_condvar/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("condvar.rs");
