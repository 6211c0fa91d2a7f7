//! The lesson's tour, run against the reference.

extern crate select_solution as select;

#[path = "../../../../exercises/05_select/03_select/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
