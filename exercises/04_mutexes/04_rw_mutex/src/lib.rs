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

/// How many readers may have a lock. In the models it is three, so that they get there.
pub const MAX_READERS: u32 = if cfg!(test) { 3 } else { 1 << 27 };

#[cfg(test)]
mod race_freedom;

harness::facade_only!("rw_mutex.rs");
