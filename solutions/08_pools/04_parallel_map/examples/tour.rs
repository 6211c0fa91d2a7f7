//! The lesson's tour, run against the reference.

extern crate parallel_map_solution as parallel_map;

#[path = "../../../../exercises/08_pools/04_parallel_map/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
