//! The lesson's own tests, run against the reference.

extern crate arc_solution as arc;

#[path = "../../../../exercises/04_mutexes/07_arc/tests/no_leaks.rs"]
mod no_leaks;
