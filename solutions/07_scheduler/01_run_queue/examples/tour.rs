//! The lesson's tour, run against the reference.

extern crate run_queue_solution as run_queue;

#[path = "../../../../exercises/07_scheduler/01_run_queue/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
