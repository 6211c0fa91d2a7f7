//! The lesson's tour, run against the reference.

extern crate preemption_solution as preemption;

#[path = "../../../../exercises/07_scheduler/05_preemption/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
