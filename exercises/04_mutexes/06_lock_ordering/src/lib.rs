//! Wiring for the lesson `lock_ordering`: nothing to edit here. Your file is `lock_ordering.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod lock_ordering;
pub use lock_ordering::{Account, Refused, Table, total, transfer};

#[cfg(test)]
mod race_freedom;

harness::facade_only!("lock_ordering.rs");
