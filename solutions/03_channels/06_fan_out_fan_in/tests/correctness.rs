//! The lesson's own tests, run against the reference.

extern crate fan_out_fan_in_solution as fan_out_fan_in;

#[path = "../../../../exercises/03_channels/06_fan_out_fan_in/tests/correctness.rs"]
mod correctness;
