//! The lesson's tour, run against the reference.

extern crate pool_shutdown_solution as pool_shutdown;

#[path = "../../../../exercises/08_pools/03_pool_shutdown/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
