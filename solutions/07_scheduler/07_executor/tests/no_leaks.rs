//! The lesson's own tests, run against the reference.

extern crate executor_solution as executor;

#[path = "../../../../exercises/07_scheduler/07_executor/tests/no_leaks.rs"]
mod no_leaks;
