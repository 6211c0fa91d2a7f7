//! What the harness and the runner agree on. A crate of its own, so that the runner need not wait for the model checker
//! to be built, and nothing of it is optimised as the search has to be. Lessons find all of it in `harness`.
//!
//! - [`page`], [`protocol`]: the form and the words in which a test speaks to the runner.
//! - [`imports`]: the check that a learner's file reaches concurrency only through the facade.
//! - [`liveness`]: whether the threads of a process get on.
//!
//! # Rooms
//!
//! As in the harness: a module uses what stands below it, never what stands above or beside it.
//!
//! | Room | What it is |
//! |---|---|
//! | `protocol`, `imports` | what a test tells the runner; where a learner's file gets concurrency from |
//! | `text` | widths, folding, numbers |
//! | `page` | what a report is written for |
//! | `liveness` | whether the threads of a process get on |
#![warn(missing_docs)]

pub mod imports;
pub mod liveness;
pub mod page;
pub mod protocol;
pub mod text;
