//! The lesson's tour, run against the reference.

extern crate runtime_solution as runtime;

#[path = "../../../../exercises/07_scheduler/08_runtime/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
