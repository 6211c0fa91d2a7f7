//! The lesson's own tests, run against the reference.

extern crate spsc_ring_solution as spsc_ring;

#[path = "../../../../exercises/03_channels/10_spsc_ring/tests/correctness.rs"]
mod correctness;
