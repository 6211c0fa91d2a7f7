//! The reference solution of the lesson `interleavings`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
#[allow(unused_imports, reason = "the sets are written down, and nothing runs")]
use harness::sync::real as sync;

mod interleavings;
pub use interleavings::{
    Loads, Message, increments_by_fetch_add, increments_by_load_and_store, message_passing_relaxed,
    message_passing_release_acquire, store_buffering_fenced, store_buffering_relaxed,
};

#[cfg(test)]
#[path = "../../../../exercises/01_fundamentals/02_interleavings/src/race_freedom.rs"]
mod race_freedom;

harness::no_concurrency!(
    "interleavings.rs",
    "No function of this lesson runs a program, starts a thread or keeps anything: each returns a set that you have \
     worked out."
);
