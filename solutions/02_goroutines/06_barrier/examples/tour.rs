//! The lesson's tour, run against the reference.

extern crate barrier_solution as barrier;

#[path = "../../../../exercises/02_goroutines/06_barrier/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
