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

#[test]
fn tests_and_modules_of_the_learners_own_count_the_same_in_test_and_in_grade() {
    const FAILS: &str = "#[test]\nfn mine() {\n    assert_eq!(1, 2);\n}\n";
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    let in_file = |test: &str| format!("{MINE}\n#[cfg(test)]\nmod tests {{\n{test}}}\n");
    let module = |right: &str| {
        format!(
            "mod helper;\npub fn add(a: u32, b: u32) -> u32 {{\n    helper::add(a, b){right}\n}}\n"
        )
    };
    let cases = [
        ("failing", in_file(FAILS), None, 0),
        (
            "ignored",
            in_file(&FAILS.replace("fn", "#[ignore]\nfn")),
            None,
            0,
        ),
        (
            "hanging",
            in_file(&FAILS.replace("assert_eq!(1, 2)", "loop {}")),
            None,
            0,
        ),
        ("file", MINE.to_owned(), Some(("tests/mine.rs", FAILS)), 0),
        (
            "no_rust",
            MINE.to_owned(),
            Some(("tests/mine.rs", "this is no Rust")),
            0,
        ),
        (
            "module",
            module(""),
            Some((
                "src/sum/helper.rs",
                "pub fn add(a: u32, b: u32) -> u32 {\n    a + b\n}\n",
            )),
            0,
        ),
        (
            "wrong_module",
            module(" + 1"),
            Some((
                "src/sum/helper.rs",
                "pub fn add(a: u32, b: u32) -> u32 {\n    a + b\n}\n",
            )),
            1,
        ),
        ("no_module", module(""), None, 1),
    ];
    for (what, text, beside, code) in cases {
        fixture.write(&sum.file(), &text);
        if let Some((path, text)) = beside {
            fixture.write(&sum.exercise(path), text);
        }
        for nextest in [true, false] {
            fixture.nextest.set(nextest);
            let (tested, graded) = (fixture.run(&["test", "sum"]), fixture.run(&["grade"]));
            assert_eq!(
                (tested.code, graded.code),
                (Some(code), Some(code)),
                "{what}: {tested:?} {graded:?}"
            );
            if nextest {
                assert_snapshot!(
                    format!("own_{what}"),
                    format!("{}----\n{}", tested.stdout, graded.stdout)
                );
            }
        }
        if let Some((path, _)) = beside {
            fixture.remove(&sum.exercise(path));
        }
    }
}

#[test]
fn a_swap_that_was_not_restored_never_counts() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    let reference = fixture.read(&sum.reference());
    for (i, laid_out) in [
        reference.replace("\n\n", "\n\n\n"),
        reference.replace('\n', "\r\n"),
        reference.replace("a + b", "{ a + b }"),
    ]
    .into_iter()
    .enumerate()
    {
        fixture.write(&sum.file(), MINE);
        assert_eq!(fixture.run(&["swap", "sum"]).code, Some(0));
        fixture.write(&sum.file(), &laid_out);
        let tested = fixture.run(&["test", "sum"]);
        assert_snapshot!(format!("swap_laid_out_{i}"), tested.stdout);
        assert!(fixture.run(&["list"]).stdout.contains("0 of 1 done"));
        assert_eq!(fixture.run(&["restore", "sum"]).code, Some(0));
        assert_eq!(fixture.read(&sum.file()), MINE);
    }
    // Whatever brings it back: then it is the learner's.
    assert_eq!(fixture.run(&["swap", "sum"]).code, Some(0));
    fixture.write(&sum.file(), MINE);
    let tested = fixture.run(&["test", "sum"]);
    assert!(tested.stdout.contains("sum is done"), "{}", tested.stdout);
    assert!(fixture.run(&["list"]).stdout.contains("1 of 1 done"));
}

#[test]
fn a_file_that_was_moved_is_named() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    for (i, (path, others)) in [
        ("src/sums.rs", 0),
        ("src/sum/mod.rs", 0),
        ("src/my_sums.rs", 1),
    ]
    .into_iter()
    .enumerate()
    {
        let path = sum.exercise(path);
        fixture.write(&path, MINE);
        for other in 0..others {
            fixture.write(&sum.exercise(&format!("src/other_{other}.rs")), MINE);
        }
        let _ = fs::remove_file(fixture.root.join(sum.file()));
        let (tested, graded) = (fixture.run(&["test", "sum"]), fixture.run(&["grade"]));
        assert_eq!((tested.code, graded.code), (Some(1), Some(1)), "{path}");
        assert_snapshot!(
            format!("moved_{i}"),
            format!("{}----\n{}", tested.stdout, graded.stdout)
        );
        fixture.remove(&path);
    }
}
