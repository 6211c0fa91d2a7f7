//! The lesson's tour, run against the reference.

extern crate bounded_channel_solution as bounded_channel;

#[path = "../../../../exercises/03_channels/02_bounded_channel/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
