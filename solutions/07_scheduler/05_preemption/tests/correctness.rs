//! The lesson's own tests, run against the reference.

extern crate preemption_solution as preemption;

#[path = "../../../../exercises/07_scheduler/05_preemption/tests/correctness.rs"]
mod correctness;
