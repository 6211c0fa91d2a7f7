//! The lesson's own tests, run against the reference.

extern crate run_queue_solution as run_queue;

#[path = "../../../../exercises/07_scheduler/01_run_queue/tests/correctness.rs"]
mod correctness;
