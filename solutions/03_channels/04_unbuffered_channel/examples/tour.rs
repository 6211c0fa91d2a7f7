//! The lesson's tour, run against the reference.

extern crate unbuffered_channel_solution as unbuffered_channel;

#[path = "../../../../exercises/03_channels/04_unbuffered_channel/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
