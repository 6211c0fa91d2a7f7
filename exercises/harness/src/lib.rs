//! What every lesson stands on.
//!
//! - [`sync`]: the facade through which a lesson reaches threads, locks and atomics. It has two
//!   faces with one API: [`sync::real`] runs on the machine, [`sync::model`] under the model checker.
//! - [`model`] and [`Model`]: explore every interleaving of a small program; when one fails, show it.
//! - [`leaks`]: a closure must leave no thread, no value and no allocation behind.
//! - [`testing`]: what the tests of several lessons need, on real threads and in models; [`bench`](mod@bench), their benches.
//! - [`page`], [`protocol`], [`imports`], [`liveness`] and [`text`]: what it agrees on with the runner, from a crate below,
//!   `harness_base`.
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
//! | `runs` | every interleaving, for those who want to step through them |
//! | `explore` | the search, the simplest failure |
//! | `sync::model` | the facade under the model, its recorder, its sleepers |
//! | `sync::real` | the facade on the machine |
//! | `leaks` | nothing may be left behind |
//! | `sync::refusal`, `sync::task` | threads that a test refuses; what wakers are made of |
//!
//! Below them are two crates: `harness_report`, with the record of an interleaving, its reading, the likely mistake and the
//! dry run, and `harness_base`.
#![warn(missing_docs)]

pub mod bench;
pub mod leaks;
pub mod sync;
pub mod testing;

mod check;
mod explore;
mod runs;

pub use check::{Failure, explore, model};
pub use explore::{Explored, Model};
pub use harness_base::{facade_only, imports, liveness, no_concurrency, page, protocol, text};
