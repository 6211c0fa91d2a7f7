//! The lesson's own tests, run against the reference.

extern crate cancellation_solution as cancellation;

#[path = "../../../../exercises/06_context/01_cancellation/tests/no_leaks.rs"]
mod no_leaks;
