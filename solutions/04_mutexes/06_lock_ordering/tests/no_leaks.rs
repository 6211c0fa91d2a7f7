//! The lesson's own tests, run against the reference.

extern crate lock_ordering_solution as lock_ordering;

#[path = "../../../../exercises/04_mutexes/06_lock_ordering/tests/no_leaks.rs"]
mod no_leaks;
