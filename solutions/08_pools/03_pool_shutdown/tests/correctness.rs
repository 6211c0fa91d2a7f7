//! The lesson's own tests, run against the reference.

extern crate pool_shutdown_solution as pool_shutdown;

#[path = "../../../../exercises/08_pools/03_pool_shutdown/tests/correctness.rs"]
mod correctness;
