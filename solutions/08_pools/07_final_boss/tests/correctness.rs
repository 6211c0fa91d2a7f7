//! The lesson's own tests, run against the reference.

extern crate final_boss_solution as final_boss;

#[path = "../../../../exercises/08_pools/07_final_boss/tests/correctness.rs"]
mod correctness;
