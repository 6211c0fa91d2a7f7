//! The lesson's tour, run against the reference.

extern crate {{name}}_solution as {{name}};

#[path = "../../../../exercises/{{place}}/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
}
