//! The lesson's own tests, run against the reference.

extern crate unbuffered_channel_solution as unbuffered_channel;

#[path = "../../../../exercises/03_channels/04_unbuffered_channel/tests/no_leaks.rs"]
mod no_leaks;
