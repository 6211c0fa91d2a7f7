//! Wiring for the lesson `select_recv`: nothing to edit here. Your file is `select_recv.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit tests, the
//! models in `race_freedom.rs`, see the model face. The channels are those of the chapter, on the same face.

#[cfg(test)]
use channels::model as channel;
#[cfg(not(test))]
use channels::real as channel;
#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod select_recv;
pub use select_recv::select_recv;

#[cfg(test)]
mod race_freedom;

harness::facade_only!("select_recv.rs");
