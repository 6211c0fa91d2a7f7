//! The lesson's tour, run against the reference.

extern crate timer_solution as timer;

#[path = "../../../../exercises/05_select/05_timer/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
