//! Wiring for the lesson `rw_mutex`: nothing to edit here. Your file is `rw_mutex.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;

mod rw_mutex;
pub use rw_mutex::{RwMutex, RwMutexReadGuard, RwMutexWriteGuard};

#[cfg(test)]
mod race_freedom;

harness::facade_only!("rw_mutex.rs");
