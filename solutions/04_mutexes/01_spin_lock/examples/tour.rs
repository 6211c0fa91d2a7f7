//! The lesson's tour, run against the reference.

extern crate spin_lock_solution as spin_lock;

#[path = "../../../../exercises/04_mutexes/01_spin_lock/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
