//! The lesson's own tests, run against the reference.

extern crate timer_solution as timer;

#[path = "../../../../exercises/05_select/05_timer/tests/correctness.rs"]
mod correctness;
