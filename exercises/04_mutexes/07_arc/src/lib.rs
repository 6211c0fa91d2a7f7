//! Wiring for the lesson `arc`: nothing to edit here. Your file is `arc.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face.

#[cfg(test)]
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::model as sync;
#[cfg(not(test))]
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;

mod arc;
pub use arc::{Arc, Weak};

/// How many `Arc`s a value may have, and how many `Weak`s. In the models it is four, so that they get there.
pub const MAX_REFERENCES: usize = if cfg!(test) { 4 } else { isize::MAX as usize };

#[cfg(test)]
mod race_freedom;

harness::facade_only!("arc.rs");
