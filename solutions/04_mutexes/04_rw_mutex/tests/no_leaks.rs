//! The lesson's own tests, run against the reference.

extern crate rw_mutex_solution as rw_mutex;

#[path = "../../../../exercises/04_mutexes/04_rw_mutex/tests/no_leaks.rs"]
mod no_leaks;
