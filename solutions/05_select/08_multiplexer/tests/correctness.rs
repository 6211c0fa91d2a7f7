//! The lesson's own tests, run against the reference.

extern crate multiplexer_solution as multiplexer;

#[path = "../../../../exercises/05_select/08_multiplexer/tests/correctness.rs"]
mod correctness;
