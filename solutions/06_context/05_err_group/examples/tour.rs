//! The lesson's tour, run against the reference.

extern crate err_group_solution as err_group;

#[path = "../../../../exercises/06_context/05_err_group/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
