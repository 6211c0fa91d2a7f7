//! The lesson's tour, run against the reference.

extern crate multiplexer_solution as multiplexer;

#[path = "../../../../exercises/05_select/08_multiplexer/examples/tour.rs"]
mod tour;

fn main() {
    tour::main();
    let log = tour::log();
    insta::assert_snapshot!(log, @r"
    no limit
      2 s  pizza
      2 s  source 0 is closed
      4 s  burger
      4 s  source 1 is closed
      8 s  ice cream
      8 s  source 2 is closed
    3 s for each turn
      2 s  pizza
      2 s  source 0 is closed
      4 s  burger
      4 s  source 1 is closed
      7 s  nothing for 3 s
      8 s  ice cream
      8 s  source 2 is closed
    3 s for the whole
      2 s  pizza
      2 s  source 0 is closed
      3 s  timed out
    closes after 5 s
      2 s  pizza
      2 s  source 0 is closed
      4 s  burger
      4 s  source 1 is closed
      5 s  shut down
    ");
    let notes = include_str!("../../../../exercises/05_select/08_multiplexer/README.md");
    assert!(notes.contains(&log), "README.md does not have this log");
}
