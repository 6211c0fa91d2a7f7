//! The lesson's tour, run against the reference.

extern crate arc_solution as arc;

#[path = "../../../../exercises/04_mutexes/07_arc/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
