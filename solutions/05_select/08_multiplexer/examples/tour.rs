//! The lesson's tour, run against the reference.

extern crate multiplexer_solution as multiplexer;

#[path = "../../../../exercises/05_select/08_multiplexer/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
