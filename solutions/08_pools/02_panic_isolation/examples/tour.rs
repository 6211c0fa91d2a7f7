//! The lesson's tour, run against the reference.

extern crate panic_isolation_solution as panic_isolation;

#[path = "../../../../exercises/08_pools/02_panic_isolation/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
