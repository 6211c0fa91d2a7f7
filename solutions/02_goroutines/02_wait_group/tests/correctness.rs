//! The lesson's own tests, run against the reference.

extern crate wait_group_solution as wait_group;

#[path = "../../../../exercises/02_goroutines/02_wait_group/tests/correctness.rs"]
mod correctness;
