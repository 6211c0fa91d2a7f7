//! The lesson's tour, run against the reference.

extern crate find_runnable_solution as find_runnable;

#[path = "../../../../exercises/07_scheduler/03_find_runnable/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
