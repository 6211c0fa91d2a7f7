//! The reference solution of the lesson `select_recv`, wired like the lesson itself and held to the
//! lesson's own tests.

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
#[path = "../../../../exercises/05_select/02_select_recv/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("select_recv.rs");
