//! The lesson's own tests, run against the reference.

extern crate err_group_solution as err_group;

#[path = "../../../../exercises/06_context/05_err_group/tests/no_leaks.rs"]
mod no_leaks;
