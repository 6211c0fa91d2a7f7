//! Wiring for the lesson `preemption`: nothing to edit here. Your file is `preemption.rs`.
//!
//! The state that your functions work on, the scripts of the tasks and the table are in the crate
//! `simulator`, in `exercises/07_scheduler/simulator`. `crate::rules` is the reference of the lesson
//! `find_runnable`. There are no threads in this lesson: what the models in `race_freedom.rs` explore is when
//! the monitor looks.

#[allow(unused_imports, reason = "the stub has no use for it")]
use find_runnable_solution as rules;
use simulator::clock::Rules;

mod preemption;
pub use preemption::{Sysmon, preemptone, safe_point, schedule};

/// The rules for the simulator: yours.
pub const fn rules() -> Rules<Sysmon> {
    Rules {
        schedule,
        safe_point,
        sysmon: Sysmon::new,
        retake: Sysmon::retake,
        delay: Sysmon::delay,
        queues: rules::RULES,
    }
}

#[cfg(test)]
mod race_freedom;

harness::no_concurrency!(
    "preemption.rs",
    "A scheduler that is simulated runs nothing: who does what, and when, is data."
);
