//! The lesson's own tests, run against the reference.

extern crate pipeline_solution as pipeline;

#[path = "../../../../exercises/03_channels/07_pipeline/tests/correctness.rs"]
mod correctness;
