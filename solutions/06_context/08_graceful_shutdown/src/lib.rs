//! The reference solution of the lesson `graceful_shutdown`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod graceful_shutdown;
pub use graceful_shutdown::{Connection, Drain, Handle, InFlight, MAX_LINE, Phase, Report, Server};

#[cfg(test)]
#[path = "../../../../exercises/06_context/08_graceful_shutdown/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("graceful_shutdown.rs");
