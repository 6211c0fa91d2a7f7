//! The lesson's tour, run against the reference.

extern crate fan_out_fan_in_solution as fan_out_fan_in;

#[path = "../../../../exercises/03_channels/06_fan_out_fan_in/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
