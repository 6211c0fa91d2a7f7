//! The lesson's own tests, run against the reference.

extern crate parallel_sum_solution as parallel_sum;

#[path = "../../../../exercises/01_fundamentals/01_parallel_sum/tests/no_leaks.rs"]
mod no_leaks;
