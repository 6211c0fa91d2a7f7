//! The lesson's tour, run against the reference.

extern crate pipeline_solution as pipeline;

#[path = "../../../../exercises/03_channels/07_pipeline/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
