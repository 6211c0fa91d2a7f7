//! Mistakes on purpose: the learner sees how the tests catch one, and nothing of the lesson changes.

use insta::assert_snapshot;

use crate::fixture::Fixture;

#[test]
fn a_mistake_is_shown_and_caught_without_touching_the_lesson() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    sum.mistake("races", "a | b | 4", "race_freedom::adds_in_any_order", "data race");
    sum.mistake("subtracts", "a.wrapping_sub(b)", "correctness::adds", "panic");
    sum.mistake("subtracts_nothing", "b + a", "correctness::adds", "panic");
    fixture.write(&sum.file(), "this is no Rust");
    let reference = fixture.read(&sum.reference());

    let list = fixture.run(&["break", "sum"]);
    assert_eq!(list.code, Some(0), "{}", list.stderr);
    assert_snapshot!("break_list", list.stdout);

    // By its number, and by a beginning.
    let races = fixture.run(&["break", "1.1", "r"]);
    assert_eq!(races.code, Some(0), "{}{}", races.stdout, races.stderr);
    assert_snapshot!("break_races", races.stdout);
    // A whole name wins over a longer one.
    let subtracts = fixture.run(&["break", "sum", "subtracts"]);
    assert_eq!(subtracts.code, Some(0), "{}", subtracts.stdout);
    assert!(subtracts.stdout.contains("Caught: panic"));

    // One that the tests do not notice.
    let missed = fixture.run(&["break", "sum", "subtracts-n"]);
    assert_eq!(missed.code, Some(1), "{}", missed.stdout);
    assert_snapshot!("break_missed", missed.stdout);
    for page in [&list, &races, &subtracts, &missed] {
        assert!(page.stdout.lines().all(|line| line.chars().count() <= 80), "{}", page.stdout);
        assert!(!page.stdout.contains('\x1b'), "{}", page.stdout);
    }

    // Tests that do not compile are shown in the words of rustc.
    let test = sum.exercise("tests/correctness.rs");
    fixture.replace(&test, "adds_nothing() {", "adds_nothing() -> {");
    let broken = fixture.run(&["break", "sum", "subtracts"]);
    assert_eq!(broken.code, Some(1), "{}", broken.stdout);
    assert!(broken.stdout.contains(&format!("--> {test}:")), "{}", broken.stdout);
    assert!(broken.stdout.contains("✗ Not caught: it does not build"));

    // A patch that does not fit any more ends with what to do.
    fixture.replace(&sum.solution("mistakes/races.patch"), "-    a + b", "-    a +  b");
    let unfit = fixture.run(&["break", "sum", "races"]);
    assert_eq!((unfit.code, unfit.stdout.as_str()), (Some(1), ""));
    assert!(unfit.stderr.contains("it does not fit"), "{}", unfit.stderr);
    assert!(unfit.stderr.ends_with("`git checkout` brings them back.\n"), "{}", unfit.stderr);

    let wrong = fixture.run(&["break", "sum", "race_s"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("are\n  races\n"), "{}", wrong.stderr);

    assert_eq!(fixture.read(&sum.file()), "this is no Rust");
    assert_eq!(fixture.read(&sum.reference()), reference);
}
