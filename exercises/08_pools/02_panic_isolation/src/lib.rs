//! Wiring for the lesson `panic_isolation`: nothing to edit here. Your file is `panic_isolation.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod panic_isolation;
pub use panic_isolation::{Handle, Pool};

#[cfg(test)]
mod race_freedom;

harness::facade_only!("panic_isolation.rs");
