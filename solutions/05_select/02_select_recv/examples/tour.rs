//! The lesson's tour, run against the reference.

extern crate select_recv_solution as select_recv;

#[path = "../../../../exercises/05_select/02_select_recv/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
