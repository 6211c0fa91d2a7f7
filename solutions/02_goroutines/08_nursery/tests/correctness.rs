//! The lesson's own tests, run against the reference.

extern crate nursery_solution as nursery;

#[path = "../../../../exercises/02_goroutines/08_nursery/tests/correctness.rs"]
mod correctness;
