//! Wiring for the lesson `cancellation`: nothing to edit here. Your file is `cancellation.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face.

#[cfg(test)]
#[expect(unused_imports, reason = "the models are not written yet")]
use harness::sync::model as sync;
#[cfg(not(test))]
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;

mod cancellation;
pub use cancellation::Cancellation;

#[cfg(test)]
mod race_freedom;

harness::facade_only!("cancellation.rs");
