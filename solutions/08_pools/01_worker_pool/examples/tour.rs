//! The lesson's tour, run against the reference.

extern crate worker_pool_solution as worker_pool;

#[path = "../../../../exercises/08_pools/01_worker_pool/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
