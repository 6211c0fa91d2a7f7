//! The reference solution of the lesson `select`, wired like the lesson itself and held to the
//! lesson's own tests.

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

#[cfg(not(test))]
#[allow(clippy::duplicate_mod, reason = "one source, two faces")]
pub mod model;

#[cfg(test)]
#[path = "../../../../exercises/05_select/03_select/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("select.rs");
