//! The lesson's own tests, run against the reference.

extern crate goroutine_solution as goroutine;

#[path = "../../../../exercises/02_goroutines/01_goroutine/tests/no_leaks.rs"]
mod no_leaks;
