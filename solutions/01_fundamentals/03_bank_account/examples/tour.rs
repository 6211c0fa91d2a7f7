//! The lesson's tour, run against the reference.

extern crate bank_account_solution as bank_account;

#[path = "../../../../exercises/01_fundamentals/03_bank_account/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
