//! The lesson's own tests, run against the reference.

extern crate closing_solution as closing;

#[path = "../../../../exercises/03_channels/03_closing/tests/correctness.rs"]
mod correctness;
