//! The lesson's own tests, run against the reference.

extern crate bounded_channel_solution as bounded_channel;

#[path = "../../../../exercises/03_channels/02_bounded_channel/tests/no_leaks.rs"]
mod no_leaks;
