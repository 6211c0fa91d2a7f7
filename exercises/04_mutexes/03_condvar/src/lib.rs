//! Wiring for the lesson `condvar`: nothing to edit here. Your file is `condvar.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face.
//!
//! The mutex is that of the lesson `mutex`: its reference, or your own with `--features my_mutex`. In a model
//! it is the facade's, which has the same API, and whose `lock` is one row of the dry run.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;

#[cfg(all(not(test), feature = "my_mutex"))]
pub use ::mutex::{Mutex, MutexGuard};
#[cfg(all(not(test), not(feature = "my_mutex")))]
pub use mutex_solution::{Mutex, MutexGuard};
#[cfg(test)]
pub use sync::{Mutex, MutexGuard};

mod condvar;
pub use condvar::Condvar;

#[cfg(test)]
mod race_freedom;

harness::facade_only!("condvar.rs");
