//! The lesson's tour, run against the reference.

extern crate mutex_solution as mutex;

#[path = "../../../../exercises/04_mutexes/02_mutex/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
