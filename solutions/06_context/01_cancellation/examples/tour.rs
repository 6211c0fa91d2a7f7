//! The lesson's tour, run against the reference.

extern crate cancellation_solution as cancellation;

#[path = "../../../../exercises/06_context/01_cancellation/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
