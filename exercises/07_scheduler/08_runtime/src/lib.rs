//! Wiring for the lesson `runtime`: nothing to edit here. Your file is `runtime.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face.

#[cfg(test)]
#[expect(unused_imports, reason = "the models are not written yet")]
use harness::sync::model as sync;
#[cfg(not(test))]
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;

mod runtime;
pub use runtime::Runtime;

#[cfg(test)]
mod race_freedom;

harness::facade_only!("runtime.rs");
