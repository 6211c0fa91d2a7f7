//! The lesson's own tests, run against the reference.

extern crate work_stealing_solution as work_stealing;

#[path = "../../../../exercises/07_scheduler/02_work_stealing/tests/no_leaks.rs"]
mod no_leaks;
