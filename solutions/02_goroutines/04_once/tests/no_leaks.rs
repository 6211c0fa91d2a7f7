//! The lesson's own tests, run against the reference.

extern crate once_solution as once;

#[path = "../../../../exercises/02_goroutines/04_once/tests/no_leaks.rs"]
mod no_leaks;
