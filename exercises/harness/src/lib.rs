//! What every lesson stands on.
//!
//! - [`sync`]: the facade through which a lesson reaches threads, locks and atomics. It has two
//!   faces with one API: [`sync::real`] runs on the machine, [`sync::model`] under the model checker.
//! - [`model`] and [`Model`]: explore every interleaving of a small program; when one fails, show it.
//! - [`leaks`]: a closure must leave no thread, no value and no allocation behind.
//! - [`testing`]: that a call ends, and that it panics as it should.
//! - [`page`], [`verdict`] and [`imports`]: the form and the words in which a test speaks to the runner, and the check that
//!   a learner's file reaches concurrency only through the facade.
#![warn(missing_docs)]

pub mod imports;
pub mod page;
pub mod text;
pub mod verdict;

#[cfg(feature = "runtime")]
pub mod leaks;
#[cfg(feature = "runtime")]
pub mod sync;
#[cfg(feature = "runtime")]
pub mod testing;

#[cfg(feature = "runtime")]
mod diagnosis;
#[cfg(feature = "runtime")]
mod dry_run;
#[cfg(feature = "runtime")]
mod explore;
#[cfg(feature = "runtime")]
mod place;
#[cfg(feature = "runtime")]
mod record;
#[cfg(feature = "runtime")]
mod recorder;

#[cfg(feature = "runtime")]
pub use explore::{Explored, Failure, Model, explore, model};
