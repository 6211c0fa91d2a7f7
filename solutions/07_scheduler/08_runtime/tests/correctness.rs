//! The lesson's own tests, run against the reference.

extern crate runtime_solution as runtime;

#[path = "../../../../exercises/07_scheduler/08_runtime/tests/correctness.rs"]
mod correctness;
