//! Wiring for the lesson `find_runnable`: nothing to edit here. Your file is `find_runnable.rs`.
//!
//! The state that your functions work on, the scripts of the tasks and the table are in the crate
//! `simulator`, in `exercises/07_scheduler/simulator`. There are no threads in this lesson: what the models
//! in `race_freedom.rs` explore is the order in which the Ps come to look, and what is random.

mod find_runnable;
pub use find_runnable::{
    execute, find_runnable, globrunqget, gosched, goyield, ready, runqget, runqsteal, steal_order,
};

/// The rules for the simulator: yours.
pub const RULES: simulator::ticks::Rules = simulator::ticks::Rules {
    ready,
    goyield,
    gosched,
    find_runnable,
    execute,
};

#[cfg(test)]
mod race_freedom;

harness::no_concurrency!(
    "find_runnable.rs",
    "A scheduler that is simulated runs nothing: who does what, and when, is data."
);
