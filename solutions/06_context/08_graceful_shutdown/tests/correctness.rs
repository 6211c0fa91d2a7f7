//! The lesson's own tests, run against the reference.

extern crate graceful_shutdown_solution as graceful_shutdown;

#[path = "../../../../exercises/06_context/08_graceful_shutdown/tests/correctness.rs"]
mod correctness;
