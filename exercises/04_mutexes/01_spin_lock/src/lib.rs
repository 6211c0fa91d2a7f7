//! Wiring for the lesson `spin_lock`: nothing to edit here. Your file is `spin_lock.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;

mod spin_lock;
pub use spin_lock::{SpinLock, SpinLockGuard};

#[cfg(test)]
mod race_freedom;

harness::facade_only!("spin_lock.rs");
