//! The lesson's tour, run against the reference.

extern crate lazy_solution as lazy;

#[path = "../../../../exercises/02_goroutines/05_lazy/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
