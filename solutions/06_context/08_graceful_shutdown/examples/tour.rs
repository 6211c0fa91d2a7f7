//! The lesson's tour, run against the reference.

extern crate graceful_shutdown_solution as graceful_shutdown;

#[path = "../../../../exercises/06_context/08_graceful_shutdown/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
