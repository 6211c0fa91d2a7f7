//! The lesson's tour, run against the reference.

extern crate goroutine_solution as goroutine;

#[path = "../../../../exercises/02_goroutines/01_goroutine/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
