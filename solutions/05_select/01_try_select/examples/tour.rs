//! The lesson's tour, run against the reference.

extern crate try_select_solution as try_select;

#[path = "../../../../exercises/05_select/01_try_select/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
