//! The lesson's own tests, run against the reference.

extern crate condvar_solution as condvar;

#[path = "../../../../exercises/04_mutexes/03_condvar/tests/correctness.rs"]
mod correctness;
