//! The lesson's own tests, run against the reference.

extern crate oneshot_solution as oneshot;

#[path = "../../../../exercises/03_channels/01_oneshot/tests/no_leaks.rs"]
mod no_leaks;
