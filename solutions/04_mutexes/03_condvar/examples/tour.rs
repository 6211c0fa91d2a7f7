//! The lesson's tour, run against the reference.

extern crate condvar_solution as condvar;
#[cfg(test)]
extern crate self as wait_group;

#[path = "../../../../exercises/04_mutexes/03_condvar/examples/tour.rs"]
mod tour;
// The wait group's tests, which the tour has, look for it at the root of a crate.
#[cfg(test)]
pub use tour::WaitGroup;

fn main() {
    tour::main();
}
