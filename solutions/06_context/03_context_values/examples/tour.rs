//! The lesson's tour, run against the reference.

extern crate context_values_solution as context_values;

#[path = "../../../../exercises/06_context/03_context_values/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
