//! The lesson's tour, run against the reference.

extern crate oneshot_solution as oneshot;

#[path = "../../../../exercises/03_channels/01_oneshot/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
