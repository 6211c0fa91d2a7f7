//! What happens to people who have no luck.

use std::fs;
use std::time::{Duration, SystemTime};

use insta::assert_snapshot;

use crate::fixture::Fixture;

/// A correct file, in words of the learner's own.
const MINE: &str = "//! Sums.\n\n/// Adds.\npub fn add(a: u32, b: u32) -> u32 {\n    (0..b).fold(a, |sum, _| sum + 1)\n}\n";

#[test]
fn a_renumbered_lesson_takes_the_learners_file_along() {
    for (stashed, reworded) in [(false, false), (true, false), (false, true), (true, true)] {
        let fixture = Fixture::new();
        let sum = fixture.lesson("01_basics/01_sum", "sum");
        let stub = fixture.read(&sum.stub());
        fixture.commit();
        fixture.git(&["checkout", "-q", "-b", "upstream"]);
        for part in ["exercises", "solutions"] {
            let moved = format!("{part}/01_basics/02_sum");
            fixture.git(&["mv", &format!("{part}/01_basics/01_sum"), &moved]);
        }
        let moved = "exercises/01_basics/02_sum/src/sum.rs";
        let first_line = if reworded {
            "//! More sums."
        } else {
            "//! Sums."
        };
        fixture.replace(moved, "//! Sums.", first_line);
        fixture.commit();
        fixture.git(&["checkout", "-q", "-"]);
        fixture.write(&sum.file(), MINE);
        if stashed {
            fixture.git(&["stash", "-q"]);
            fixture.git(&["merge", "-q", "upstream"]);
            fixture.git(&["stash", "pop", "-q"]);
        } else {
            fixture.commit();
            fixture.git(&["merge", "-q", "--no-edit", "upstream"]);
        }
        let how = format!("stashed: {stashed}, reworded: {reworded}");
        let merged = MINE.replace("//! Sums.", first_line);
        assert_eq!(fixture.read(moved), merged, "{how}");
        assert_eq!(fixture.read("solutions/01_basics/02_sum/stub.txt"), stub);
        assert_eq!(fixture.run(&["test", "sum"]).code, Some(0), "{how}");
    }
}

/// Gives a file the time that it had a day ago, as a copy that was kept has one.
fn make_older(fixture: &Fixture, path: &str) {
    let file = fs::File::options()
        .write(true)
        .open(fixture.root.join(path));
    let yesterday = SystemTime::now() - Duration::from_secs(24 * 3600);
    let aged = file.and_then(|file| file.set_modified(yesterday));
    aged.expect("a file has a time");
}

#[test]
fn a_file_that_became_older_is_built_again() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    let wrong = MINE.replace("sum + 1", "sum + 2");
    fixture.write(&sum.file(), MINE);
    assert_eq!(fixture.run(&["test", "sum"]).code, Some(0));
    // In the file, in a module of it, in a test and in a model.
    fixture.write(&sum.file(), &wrong);
    make_older(&fixture, &sum.file());
    let again = fixture.run(&["test", "sum"]);
    assert_eq!(again.code, Some(1), "{again:?}");
    assert_snapshot!("older", again.stdout);
    assert!(fixture.run(&["list"]).stdout.contains("0 of 1 done"));

    fixture.write(
        &sum.file(),
        &MINE
            .replace("sum + 1", "one::more(sum)")
            .replace("\n\n", "\n\nmod one;\n\n"),
    );
    let module = sum.exercise("src/sum/one.rs");
    fixture.write(&module, "pub fn more(sum: u32) -> u32 {\n    sum + 1\n}\n");
    assert_eq!(fixture.run(&["test", "sum"]).code, Some(0));
    for (path, right, wrong) in [
        (module, "sum + 1", "sum + 2"),
        (sum.exercise("tests/correctness.rs"), "2, 2), 4", "2, 2), 5"),
        (sum.exercise("src/race_freedom.rs"), "!= 3", "!= 4"),
    ] {
        fixture.replace(&path, right, wrong);
        make_older(&fixture, &path);
        assert_eq!(fixture.run(&["test", "sum"]).code, Some(1), "{path}");
        fixture.replace(&path, wrong, right);
        make_older(&fixture, &path);
        assert_eq!(fixture.run(&["test", "sum"]).code, Some(0), "{path}");
    }
}
