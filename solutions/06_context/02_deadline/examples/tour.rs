//! The lesson's tour, run against the reference.

extern crate deadline_solution as deadline;

#[path = "../../../../exercises/06_context/02_deadline/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
