//! The lesson's tour, run against the reference.

extern crate interleavings_solution as interleavings;

#[path = "../../../../exercises/01_fundamentals/02_interleavings/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
