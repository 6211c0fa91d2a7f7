//! The lesson's own tests, run against the reference.

extern crate select_solution as select;

#[path = "../../../../exercises/05_select/03_select/tests/no_leaks.rs"]
mod no_leaks;
