//! Wiring for the lesson `select`: nothing to edit here. Your file is `select.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face. The channels are given, on both faces: their source is
//! `../channels/src/channel.rs`.

#[cfg(test)]
use channels::model as channel;
#[cfg(not(test))]
use channels::real as channel;
#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod select;
pub use select::{select, select_until};

#[cfg(test)]
mod race_freedom;

harness::facade_only!("select.rs");
