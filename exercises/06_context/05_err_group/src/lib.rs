//! Wiring for the lesson `err_group`: nothing to edit here. Your file is `err_group.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face. So it is with the contexts, which are those of the
//! lesson `cancellation`, as its reference has them: `crate::cancellation`.

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
mod race_freedom;

harness::facade_only!("err_group.rs");
