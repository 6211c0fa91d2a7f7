//! Wiring for the lesson `pool_shutdown`: nothing to edit here. Your file is `pool_shutdown.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit tests, the
//! models in `race_freedom.rs`, see the model face. So it is with the contexts, which are those of the
//! lesson `cancellation`, as its reference has them: `crate::cancellation`.

#[cfg(not(test))]
use cancellation_solution as cancellation;
#[cfg(test)]
use cancellation_solution::model as cancellation;
#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;

mod pool_shutdown;
pub use pool_shutdown::{Pool, Rejected};

#[cfg(test)]
mod race_freedom;

harness::facade_only!("pool_shutdown.rs");
