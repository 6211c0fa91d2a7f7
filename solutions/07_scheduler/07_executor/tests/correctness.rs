//! The lesson's own tests, run against the reference.

extern crate executor_solution as executor;

#[path = "../../../../exercises/07_scheduler/07_executor/tests/correctness.rs"]
mod correctness;
