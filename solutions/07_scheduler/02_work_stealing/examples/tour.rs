//! The lesson's tour, run against the reference.

extern crate work_stealing_solution as work_stealing;

#[path = "../../../../exercises/07_scheduler/02_work_stealing/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
