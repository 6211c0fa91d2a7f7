//! The lesson's own tests, run against the reference.

extern crate worker_pool_solution as worker_pool;

#[path = "../../../../exercises/08_pools/01_worker_pool/tests/no_leaks.rs"]
mod no_leaks;
