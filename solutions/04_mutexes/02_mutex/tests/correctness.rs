//! The lesson's own tests, run against the reference.

extern crate mutex_solution as mutex;

#[path = "../../../../exercises/04_mutexes/02_mutex/tests/correctness.rs"]
mod correctness;
