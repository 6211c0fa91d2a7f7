//! The lesson's own tests, run against the reference.

extern crate barrier_solution as barrier;

#[path = "../../../../exercises/02_goroutines/06_barrier/tests/correctness.rs"]
mod correctness;
