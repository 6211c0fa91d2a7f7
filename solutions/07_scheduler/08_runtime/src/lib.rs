//! The reference solution of the lesson `runtime`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
#[expect(unused_imports, reason = "the reference is not written yet")]
use harness::sync::model as sync;
#[cfg(not(test))]
#[expect(unused_imports, reason = "the reference is not written yet")]
use harness::sync::real as sync;

mod runtime;
pub use runtime::Runtime;

#[cfg(test)]
#[path = "../../../../exercises/07_scheduler/02_runtime/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("runtime.rs");
