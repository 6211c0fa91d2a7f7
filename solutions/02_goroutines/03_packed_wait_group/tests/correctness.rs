//! The lesson's own tests, run against the reference.

extern crate packed_wait_group_solution as packed_wait_group;

#[path = "../../../../exercises/02_goroutines/03_packed_wait_group/tests/correctness.rs"]
mod correctness;
