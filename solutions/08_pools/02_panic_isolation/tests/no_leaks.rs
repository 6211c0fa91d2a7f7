//! The lesson's own tests, run against the reference.

extern crate panic_isolation_solution as panic_isolation;

#[path = "../../../../exercises/08_pools/02_panic_isolation/tests/no_leaks.rs"]
mod no_leaks;
