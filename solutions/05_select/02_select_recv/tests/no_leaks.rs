//! The lesson's own tests, run against the reference.

extern crate select_recv_solution as select_recv;

#[path = "../../../../exercises/05_select/02_select_recv/tests/no_leaks.rs"]
mod no_leaks;
