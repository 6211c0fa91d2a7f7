//! The reference solution of the lesson `err_group`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(not(test))]
use cancellation_solution as cancellation;
#[cfg(test)]
use cancellation_solution::model as cancellation;
#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod err_group;
pub use err_group::{Group, TryGoError, scope};

#[cfg(test)]
#[path = "../../../../exercises/06_context/05_err_group/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("err_group.rs");
