//! The lesson's own tests, run against the reference.

extern crate try_select_solution as try_select;

#[path = "../../../../exercises/05_select/01_try_select/tests/correctness.rs"]
mod correctness;
