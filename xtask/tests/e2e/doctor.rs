//! What a learner is told of the machine, and programs of the verdict.

use crate::fixture::Fixture;

#[test]
fn the_doctor_warns_and_changes_nothing() {
    let fixture = Fixture::new();
    fixture.lesson("01_basics/01_sum", "sum");
    fixture.nextest.set(false);
    fixture.write(".kata/progress.toml", "version = ");
    let warned = fixture.run(&["doctor"]);
    assert_eq!(warned.code, Some(0), "{}", warned.stdout);
    for said in
        ["cargo install --locked cargo-nextest", "the file is damaged", "cargo xtask list --check"]
    {
        assert!(warned.stdout.contains(said), "{said}: {}", warned.stdout);
    }
    assert_eq!(fixture.read(".kata/progress.toml"), "version = ");

    fixture.write(".kata/progress.toml", "version = 99");
    let stopped = fixture.run(&["doctor"]);
    assert_eq!(stopped.code, Some(1), "{}", stopped.stdout);
    // The line is broken somewhere: the path is long.
    let words: Vec<_> = stopped.stdout.split_ascii_whitespace().collect();
    let said = words.join(" ");
    assert!(said.contains("by a later runner"), "{said}");
}

#[test]
fn next_and_test_tell_programs_too() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    let json = |arguments: &[&str], code| -> serde_json::Value {
        let coloured = fixture.run_with(arguments, &[("CLICOLOR_FORCE", "1".as_ref())]);
        assert_eq!(coloured.code, Some(code), "{}", coloured.stdout);
        assert!(!coloured.stdout.contains("\\u001b"), "{}", coloured.stdout);
        serde_json::from_str(&coloured.stdout).expect("JSON and nothing else")
    };
    let open = json(&["next", "--json"], 1);
    assert_eq!(open["sum"], "nothing-written");
    assert_eq!(open["tests"][1]["verdict"], "not-written");
    assert_eq!(open["tests"][1]["message"], "add the two numbers");

    fixture.replace(&sum.file(), "todo!(\"add the two numbers\")", "a * b");
    let wrong = json(&["test", "sum", "--json"], 1);
    assert_eq!(wrong["sum"], "fails");
    let nothing = &wrong["tests"][2];
    assert_eq!(nothing["name"], "correctness::adds_nothing");
    assert_eq!(nothing["kind"], "panic");
    let place = nothing["place"].as_str().expect("a place");
    assert!(place.contains("tests/correctness.rs:"), "{place}");

    fixture.replace(&sum.file(), "a * b", "a * c");
    let broken = json(&["test", "sum", "--json"], 1);
    assert_eq!(broken["sum"], "does-not-compile");
    assert!(broken["error"].as_str().expect("an error").contains("E0425"));

    sum.solve();
    assert_eq!(json(&["test", "sum", "adds", "--json"], 0)["sum"], "part-passes");
    assert_eq!(json(&["next", "--json"], 0)["sum"], "passes");
    let done = json(&["next", "--json"], 0);
    assert_eq!((&done["sum"], &done["lesson"]), (&"all-done".into(), &().into()));
    assert_eq!(fixture.run(&["test", "no_such", "--json"]).code, Some(2), "as without --json");
}
