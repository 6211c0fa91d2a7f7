//! The lesson's own tests, run against the reference.

extern crate context_values_solution as context_values;

#[path = "../../../../exercises/06_context/03_context_values/tests/no_leaks.rs"]
mod no_leaks;
