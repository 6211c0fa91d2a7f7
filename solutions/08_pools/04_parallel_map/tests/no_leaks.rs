//! The lesson's own tests, run against the reference.

extern crate parallel_map_solution as parallel_map;

#[path = "../../../../exercises/08_pools/04_parallel_map/tests/no_leaks.rs"]
mod no_leaks;
