//! The reference solution of the lesson `multiplexer`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use channels::model as channel;
#[cfg(not(test))]
use channels::real as channel;
#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;
#[cfg(not(test))]
use select_solution as select;
#[cfg(test)]
use select_solution::model as select;
#[cfg(not(test))]
use timer_solution as timer;
#[cfg(test)]
use timer_solution::model as timer;

mod multiplexer;
pub use multiplexer::{Event, Multiplexer};

#[cfg(test)]
#[path = "../../../../exercises/05_select/08_multiplexer/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("multiplexer.rs");
