//! The reference solution of the lesson `lock_ordering`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod lock_ordering;
pub use lock_ordering::{Account, Refused, Table, total, transfer};

#[cfg(test)]
#[path = "../../../../exercises/04_mutexes/06_lock_ordering/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("lock_ordering.rs");
