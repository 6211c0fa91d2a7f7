//! The lesson's tour, run against the reference.

extern crate nursery_solution as nursery;

#[path = "../../../../exercises/02_goroutines/08_nursery/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
