//! Wiring for the lesson `timer`: nothing to edit here. Your file is `timer.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit tests, the
//! models in `race_freedom.rs`, see the model face. The same holds for `channel`, the given channels of this
//! chapter.

#[cfg(test)]
use channels::model as channel;
#[cfg(not(test))]
use channels::real as channel;
#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod timer;
pub use timer::{Callback, Timer, Timers};

#[cfg(test)]
mod race_freedom;

harness::facade_only!("timer.rs");
