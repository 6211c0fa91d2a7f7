//! The lesson's own tests, run against the reference.

extern crate bank_account_solution as bank_account;

#[path = "../../../../exercises/01_fundamentals/03_bank_account/tests/no_leaks.rs"]
mod no_leaks;
