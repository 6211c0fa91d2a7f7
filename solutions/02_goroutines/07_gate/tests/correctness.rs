//! The lesson's own tests, run against the reference.

extern crate gate_solution as gate;

#[path = "../../../../exercises/02_goroutines/07_gate/tests/correctness.rs"]
mod correctness;
