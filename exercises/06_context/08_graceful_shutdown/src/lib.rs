//! Wiring for the lesson `graceful_shutdown`: nothing to edit here. Your file is `graceful_shutdown.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod graceful_shutdown;
pub use graceful_shutdown::{Connection, Drain, Handle, InFlight, MAX_LINE, Phase, Report, Server};

#[cfg(test)]
mod race_freedom;

harness::facade_only!("graceful_shutdown.rs");
