//! What every lesson stands on.
//!
//! - [`sync`]: the facade through which a lesson reaches threads, locks and atomics. It has two
//!   faces with one API: [`sync::real`] runs on the machine, [`sync::model`] under the model checker.
//! - [`model`] and [`Model`]: explore every interleaving of a small program; when one fails, show it.
//! - [`leaks`]: a closure must leave no thread, no value and no allocation behind.
//! - [`testing`]: what the tests of several lessons need, on real threads and in models; [`bench`](mod@bench), their benches.
//! - [`page`], [`protocol`] and [`imports`]: the form and the words in which a test speaks to the runner, and the check that
//!   a learner's file reaches concurrency only through the facade. [`liveness`]: whether the threads of a process get on.
//!
//! # Rooms
//!
//! A module uses what stands below it, never what stands above or beside it; a test of the workspace (`xtask/tests/rooms`)
//! reads this table and holds the modules to it.
//!
//! | Room | What it is |
//! |---|---|
//! | `testing`, `bench` | what the tests of several lessons need, and the benches |
//! | `check` | what a test calls: models and their verdict |
//! | `dry_run`, `diagnosis` | the picture of an interleaving; the likely mistake |
//! | `reading` | an interleaving, read: names, source, the accesses it is about, its rows |
//! | `explore` | the search, the simplest failure |
//! | `sync::model` | the facade under the model, its recorder, its sleepers |
//! | `record` | plain data: what happened; nothing of loom |
//! | `sync::real` | the facade on the machine |
//! | `leaks` | nothing may be left behind |
//! | `protocol`, `imports` | what a test tells the runner; where a learner's file gets concurrency from |
//! | `text` | widths, folding, numbers |
//! | `page`, `place`, `sync::instant`, `sync::refusal`, `sync::task` | what a report is written for; places in the source; moments on a clock; threads that a test refuses; what wakers are made of |
//! | `liveness` | whether the threads of a process get on |
#![warn(missing_docs)]

pub mod imports;
pub mod liveness;
pub mod page;
pub mod protocol;
pub mod text;

#[cfg(feature = "runtime")]
pub mod bench;
#[cfg(feature = "runtime")]
pub mod leaks;
#[cfg(feature = "runtime")]
pub mod sync;
#[cfg(feature = "runtime")]
pub mod testing;

#[cfg(feature = "runtime")]
mod check;
#[cfg(feature = "runtime")]
mod diagnosis;
#[cfg(feature = "runtime")]
mod dry_run;
#[cfg(feature = "runtime")]
mod explore;
#[cfg(feature = "runtime")]
mod place;
#[cfg(feature = "runtime")]
mod reading;
#[cfg(feature = "runtime")]
mod record;

#[cfg(feature = "runtime")]
pub use check::{Failure, explore, model};
#[cfg(feature = "runtime")]
pub use explore::{Explored, Model};
