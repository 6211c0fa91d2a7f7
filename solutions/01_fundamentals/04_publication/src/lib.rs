//! The reference solution of the lesson `publication`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod publication;
pub use publication::Publication;

#[cfg(test)]
#[path = "../../../../exercises/01_fundamentals/04_publication/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("publication.rs");
