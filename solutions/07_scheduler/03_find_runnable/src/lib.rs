//! The reference solution of the lesson `find_runnable`, wired like the lesson itself and held to the
//! lesson's own tests.

mod find_runnable;
pub use find_runnable::{
    execute, find_runnable, globrunqget, gosched, goyield, ready, runqget, runqsteal, steal_order,
};

/// The rules for the simulator.
pub const RULES: simulator::ticks::Rules = simulator::ticks::Rules {
    ready,
    goyield,
    gosched,
    find_runnable,
    execute,
};

#[cfg(test)]
#[path = "../../../../exercises/07_scheduler/03_find_runnable/src/race_freedom.rs"]
mod race_freedom;

harness::no_concurrency!(
    "find_runnable.rs",
    "A scheduler that is simulated runs nothing: who does what, and when, is data."
);
