//! Wiring for the lesson `multiplexer`: nothing to edit here. Your file is `multiplexer.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit tests, the
//! models in `race_freedom.rs`, see the model face. The same holds for `channel`, the given channels of this
//! chapter, and for `select` and `timer`, the references of those lessons.

#[cfg(test)]
use channels::model as channel;
#[cfg(not(test))]
use channels::real as channel;
#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;
#[cfg(not(test))]
#[allow(unused_imports, reason = "the stub has no use for it")]
use select_solution as select;
#[cfg(test)]
#[allow(unused_imports, reason = "the stub has no use for it")]
use select_solution::model as select;
#[cfg(not(test))]
use timer_solution as timer;
#[cfg(test)]
use timer_solution::model as timer;

mod multiplexer;
pub use multiplexer::{Event, Multiplexer};

#[cfg(test)]
mod race_freedom;

harness::facade_only!("multiplexer.rs");
