//! The lesson's tour, run against the reference.

extern crate spsc_ring_solution as spsc_ring;

#[path = "../../../../exercises/03_channels/10_spsc_ring/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
