//! The lesson's own tests, run against the reference.

extern crate publication_solution as publication;

#[path = "../../../../exercises/01_fundamentals/04_publication/tests/correctness.rs"]
mod correctness;
