//! The lesson's tour, run against the reference.

extern crate wait_group_solution as wait_group;

#[path = "../../../../exercises/02_goroutines/02_wait_group/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
