//! The lesson's tour, run against the reference.

extern crate executor_solution as executor;

#[path = "../../../../exercises/07_scheduler/07_executor/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
