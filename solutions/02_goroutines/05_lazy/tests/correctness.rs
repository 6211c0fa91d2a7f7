//! The lesson's own tests, run against the reference.

extern crate lazy_solution as lazy;

#[path = "../../../../exercises/02_goroutines/05_lazy/tests/correctness.rs"]
mod correctness;
