//! The reference solution of the lesson `cancellation`, wired like the lesson itself and held to the
//! lesson's own tests. Later lessons stand on it: they take what is here on the machine, and [`model`] in their models.

#[cfg(test)]
use channels::model as channel;
#[cfg(not(test))]
use channels::real as channel;
#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod cancellation;
pub use cancellation::{CancelOnDrop, Cause, Context, ContextError};

/// The same under the model checker.
#[cfg(not(test))]
#[path = "."]
pub mod model {
    use channels::model as channel;
    use harness::sync::model as sync;

    #[path = "cancellation.rs"]
    #[expect(clippy::duplicate_mod, reason = "one source, two faces")]
    mod cancellation;
    pub use cancellation::{CancelOnDrop, Cause, Context, ContextError};
}

#[cfg(test)]
#[path = "../../../../exercises/06_context/01_cancellation/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("cancellation.rs");
