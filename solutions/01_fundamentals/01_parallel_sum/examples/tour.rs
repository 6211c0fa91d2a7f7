//! The lesson's tour, run against the reference.

extern crate parallel_sum_solution as parallel_sum;

#[path = "../../../../exercises/01_fundamentals/01_parallel_sum/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
