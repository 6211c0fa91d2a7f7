//! The lesson's tour, run against the reference.

extern crate publication_solution as publication;

#[path = "../../../../exercises/01_fundamentals/04_publication/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
