//! Wiring for the lesson `interleavings`: nothing to edit here. Your file is `interleavings.rs`.
//!
//! The programs themselves are in `race_freedom.rs`, which runs them under the model checker, and in
//! `tests/correctness.rs`, which runs them on the machine. Your file runs nothing.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
#[allow(unused_imports, reason = "your file runs nothing")]
use harness::sync::real as sync;

mod interleavings;
pub use interleavings::{
    Loads, Message, increments_by_fetch_add, increments_by_load_and_store, message_passing_relaxed,
    message_passing_release_acquire, store_buffering_fenced, store_buffering_relaxed,
};

#[cfg(test)]
mod race_freedom;

harness::no_concurrency!(
    "interleavings.rs",
    "No function of this lesson runs a program, starts a thread or keeps anything: each returns a set that you have \
     worked out."
);
