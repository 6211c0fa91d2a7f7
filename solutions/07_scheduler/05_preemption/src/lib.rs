//! The reference solution of the lesson `preemption`, wired like the lesson itself and held to the
//! lesson's own tests.

use find_runnable_solution as rules;
use simulator::clock::Rules;

mod preemption;
pub use preemption::{Sysmon, preemptone, safe_point, schedule};

/// The rules for the simulator.
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
#[path = "../../../../exercises/07_scheduler/05_preemption/src/race_freedom.rs"]
mod race_freedom;

harness::no_concurrency!(
    "preemption.rs",
    "A scheduler that is simulated runs nothing: who does what, and when, is data."
);
