//! The lesson's tour, run against the reference.

extern crate lock_ordering_solution as lock_ordering;

#[path = "../../../../exercises/04_mutexes/06_lock_ordering/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
