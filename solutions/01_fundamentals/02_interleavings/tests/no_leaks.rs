//! The lesson's own tests, run against the reference.

extern crate interleavings_solution as interleavings;

#[path = "../../../../exercises/01_fundamentals/02_interleavings/tests/no_leaks.rs"]
mod no_leaks;
