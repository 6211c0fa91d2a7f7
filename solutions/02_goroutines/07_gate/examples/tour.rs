//! The lesson's tour, run against the reference.

extern crate gate_solution as gate;

#[path = "../../../../exercises/02_goroutines/07_gate/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
