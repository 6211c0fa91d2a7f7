//! The lesson's own tests, run against the reference.

extern crate deadline_solution as deadline;

#[path = "../../../../exercises/06_context/02_deadline/tests/no_leaks.rs"]
mod no_leaks;
