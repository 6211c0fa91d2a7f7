//! The lesson's tour, run against the reference.

extern crate once_solution as once;

#[path = "../../../../exercises/02_goroutines/04_once/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
