//! The lesson's tour, run against the reference.

extern crate packed_wait_group_solution as packed_wait_group;

#[path = "../../../../exercises/02_goroutines/03_packed_wait_group/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
