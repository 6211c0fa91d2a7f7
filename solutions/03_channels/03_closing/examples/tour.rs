//! The lesson's tour, run against the reference.

extern crate closing_solution as closing;

#[path = "../../../../exercises/03_channels/03_closing/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
