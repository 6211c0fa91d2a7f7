//! The lesson's tour, run against the reference.

extern crate final_boss_solution as final_boss;

#[path = "../../../../exercises/08_pools/07_final_boss/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
