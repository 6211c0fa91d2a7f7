//! The lesson's tour, run against the reference.

extern crate rw_mutex_solution as rw_mutex;

#[path = "../../../../exercises/04_mutexes/04_rw_mutex/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
