//! The lesson's own tests, run against the reference.

extern crate parallel_map_solution as parallel_map;

#[path = "../../../../exercises/08_pools/04_parallel_map/tests/correctness.rs"]
mod correctness;
