//! The lesson's own tests, run against the reference.

extern crate spin_lock_solution as spin_lock;

#[path = "../../../../exercises/04_mutexes/01_spin_lock/tests/correctness.rs"]
mod correctness;
