//! Wiring for the lesson `cancellation`: nothing to edit here. Your file is `cancellation.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face. So it is with the channels of chapter 5, in `channel`.

#[cfg(test)]
use channels::model as channel;
#[cfg(not(test))]
use channels::real as channel;
#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod cancellation;
pub use cancellation::{CancelOnDrop, Cause, Context, ContextError};

#[cfg(test)]
mod race_freedom;

harness::facade_only!("cancellation.rs");
