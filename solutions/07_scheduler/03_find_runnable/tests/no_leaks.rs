//! The lesson's own tests, run against the reference.

extern crate find_runnable_solution as find_runnable;

#[path = "../../../../exercises/07_scheduler/03_find_runnable/tests/no_leaks.rs"]
mod no_leaks;
