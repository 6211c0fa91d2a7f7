//! Wiring for the lesson `publication`: nothing to edit here. Your file is `publication.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
#[allow(unused_imports, reason = "your file starts without it")]
use harness::sync::real as sync;

mod publication;
pub use publication::Publication;

#[cfg(test)]
mod race_freedom;

harness::facade_only!("publication.rs");
