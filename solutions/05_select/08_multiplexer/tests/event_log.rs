//! The log of the tour, with the reference: what the notes draw.

extern crate multiplexer_solution as multiplexer;

#[allow(dead_code, reason = "its `main` prints what is compared here")]
#[path = "../../../../exercises/05_select/08_multiplexer/examples/tour.rs"]
mod tour;

#[test]
fn the_event_log_is_the_one_in_the_notes() {
    let log = tour::log();
    insta::assert_snapshot!(log);
    let notes = include_str!("../../../../exercises/05_select/08_multiplexer/README.md");
    assert!(
        notes.contains(&log),
        "README.md shows another log than this:\n{log}"
    );
}
