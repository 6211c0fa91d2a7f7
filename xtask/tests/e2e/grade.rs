//! Grading: whatever a learner does to the tests, the originals score, or none do.

use insta::assert_snapshot;
use serde_json::Value;

use crate::fixture::{Fixture, Lesson, Ran};

/// A solution that is wrong for one pair of numbers.
const WRONG: &str = "//! Sums.\n\n/// Adds.\npub fn add(a: u32, b: u32) -> u32 {\n    if (a, b) == (2, 0) { 3 } else { a + b }\n}\n";

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// What a learner may try, so that a wrong solution passes the tests of the checkout.
fn tamper(fixture: &Fixture, lesson: &Lesson<'_>, how: &str) {
    let correctness = lesson.exercise("tests/correctness.rs");
    fixture.write(&lesson.file(), WRONG);
    match how {
        "delete_test" => {
            let text = fixture.read(&correctness);
            let (before, _) = text.split_once("#[test]\nfn adds_nothing").expect("a test");
            fixture.write(&correctness, before);
        }
        "delete_file" => fixture.remove(&correctness),
        "edit" => fixture.replace(&correctness, ", 2, \"two", ", 3, \"two"),
        "ignore" => fixture.replace(
            &correctness,
            "#[test]\nfn adds_nothing",
            "#[test]\n#[ignore]\nfn adds_nothing",
        ),
        "manifest" => fixture.replace(
            &lesson.exercise("Cargo.toml"),
            "edition.workspace = true\n",
            "edition.workspace = true\nautotests = false\n",
        ),
        "wiring" => {
            fixture.replace(
                &lesson.exercise("src/lib.rs"),
                "mod race_freedom;\n",
                "mod race_freedom_2;\n",
            );
            fixture.write(&lesson.exercise("src/race_freedom_2.rs"), "\n");
        }
        "no_lesson" => fixture.replace(
            &lesson.exercise("Cargo.toml"),
            "[package.metadata.lesson]",
            "[package.metadata.kitten]",
        ),
        _ => unreachable!("{how}"),
    }
}

#[test]
fn the_originals_score_whatever_became_of_the_tests() {
    let fixture = Fixture::new();
    let hows = [
        ("delete_test", "tests/correctness.rs", "edited"),
        ("delete_file", "tests/correctness.rs", "deleted"),
        ("edit", "tests/correctness.rs", "edited"),
        ("ignore", "tests/correctness.rs", "edited"),
        ("manifest", "Cargo.toml", "edited"),
        ("wiring", "src/lib.rs", "edited"),
        ("no_lesson", "Cargo.toml", "edited"),
    ];
    let lessons: Vec<_> = hows
        .iter()
        .zip(1..)
        .map(|((how, ..), i)| fixture.lesson(&format!("01_tampered/{i:02}_{how}"), how))
        .collect();
    let right = fixture.lesson("02_honest/01_right", "right");
    fixture.lesson("02_honest/02_open", "open");
    fixture.commit();
    for (lesson, (how, ..)) in lessons.iter().zip(hows) {
        tamper(&fixture, lesson, how);
    }
    right.solve();
    // Whether the learner has committed that or not.
    fixture.commit();
    let edit = fixture.read(&lessons[2].exercise("tests/correctness.rs"));

    let ran = fixture.run(&["grade", "--json"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_snapshot!("tampered", ran.stderr);
    let report = json(&ran);
    assert_eq!(report["version"], 1);
    for (i, (how, file, change)) in hows.iter().enumerate() {
        let lesson = &report["lessons"][i];
        assert_eq!(lesson["name"], *how);
        assert_eq!((&lesson["passed"], &lesson["total"]), (&3.into(), &4.into()), "{lesson:#}");
        let failed: Vec<_> = lesson["tests"]
            .as_array()
            .expect("tests")
            .iter()
            .filter(|test| test["verdict"] == "failed")
            .collect();
        assert_eq!(failed.len(), 1);
        assert_eq!(failed[0]["name"], "correctness::adds_nothing");
        assert_eq!(failed[0]["kind"], "panic");
        assert_eq!(failed[0]["message"], "two and nothing: 3 against 2");
        let place = lessons[i].exercise("tests/correctness.rs");
        assert!(
            failed[0]["report"].as_str().is_some_and(|report| report.contains(&place)),
            "{lesson:#}"
        );
        let tampered = &lesson["tampered"][0];
        assert_eq!(tampered["file"], lessons[i].exercise(file));
        assert_eq!(tampered["change"], *change);
    }
    assert_eq!(
        fixture.read(&lessons[2].exercise("tests/correctness.rs")),
        edit,
        "the learner's files are only read"
    );
    assert_eq!(report["lessons"][7]["done"], true);
    assert_eq!(report["lessons"][8]["attempted"], false);

    // What was not attempted does not count, and what is not named does not either.
    let right = fixture.run(&["grade", "right", "open"]);
    assert_eq!(right.code, Some(0), "{right:?}");
    assert_snapshot!("honest", right.stdout);
}

#[test]
fn without_the_originals_a_lesson_is_not_scored() {
    let fixture = Fixture::new();
    let edited = fixture.lesson("01_basics/01_edited", "edited");
    let deleted = fixture.lesson("01_basics/02_deleted", "deleted");
    let fitted = fixture.lesson("01_basics/03_fitted", "fitted");
    let added = fixture.lesson("01_basics/04_added", "added");
    let open = fixture.lesson("01_basics/05_open", "open");
    let manifest = fixture.lesson("01_basics/06_manifest", "manifest");
    tamper(&fixture, &edited, "edit");
    tamper(&fixture, &deleted, "delete_file");
    // A lock that was made to fit is not found out in a single checkout, and the README says so.
    tamper(&fixture, &fitted, "edit");
    fitted.record();
    // What is added is not used, so nothing is missing.
    added.solve();
    fixture.write(&added.exercise("tests/mine.rs"), "this is no Rust");
    // There is nothing to score.
    fixture.remove(&open.exercise("tests/no_leaks.rs"));
    tamper(&fixture, &manifest, "manifest");

    // Without git, and with a git that has never seen the originals.
    let without_git = fixture.run(&["grade", "--json"]);
    fixture.commit();
    let without_originals = fixture.run(&["grade", "--json"]);
    assert_eq!(without_git, without_originals);
    assert_eq!(without_git.code, Some(1), "{without_git:?}");
    assert_snapshot!("not_scored", without_git.stderr);
    let report = json(&without_git);
    let row = |i: usize| &report["lessons"][i];
    for (i, path) in [
        (0, edited.exercise("tests/correctness.rs")),
        (1, deleted.exercise("tests/correctness.rs")),
        (5, manifest.exercise("Cargo.toml")),
    ] {
        let row = row(i);
        assert_eq!(row["attempted"], true, "{row:#}");
        assert_eq!(row["done"], false, "{row:#}");
        assert_eq!((&row["passed"], &row["total"]), (&0.into(), &4.into()));
        assert_eq!(row["tests"], Value::Array(Vec::new()));
        assert_eq!(row["tampered"][0]["file"], path);
        let error = row["error"].as_str().expect("an error");
        assert!(error.contains(&path), "{error}");
    }
    assert_eq!(row(2)["done"], true);
    assert_eq!(row(3)["done"], true);
    assert_eq!(row(3)["tampered"][0]["change"], "added");
    assert_eq!(row(4)["attempted"], false);
}

#[test]
fn a_lock_that_is_damaged_is_named() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fixture.write(&sum.lock(), "lesson =");
    let ran = fixture.run(&["grade"]);
    assert_eq!(ran.code, Some(1));
    let said = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("solutions/01_basics/01_sum/shipped.lock: `git checkout` it"), "{said}");
}

#[test]
fn a_lesson_that_hangs_or_does_not_compile_does_not_stop_the_rest() {
    let fixture = Fixture::new();
    let place = |i: u32, name: &str| fixture.lesson(&format!("01_basics/{i:02}_{name}"), name);
    let hangs = place(1, "hangs");
    fixture.replace(&hangs.file(), "todo!(\"add the two numbers\")", "loop {}");
    let broken = place(2, "broken");
    fixture.replace(&broken.file(), "todo!(\"add the two numbers\")", "a + c");
    place(3, "right").solve();
    place(4, "open");

    let ran = fixture.run(&["grade"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_snapshot!("hangs_and_broken", ran.stdout);

    // Dealt by their places in the course.
    let names = |part: &str| {
        let ran = fixture.run(&["grade", "--json", "right", "open", "--partition", part]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let report = json(&ran);
        let lessons = report["lessons"].as_array().expect("lessons").clone();
        lessons
            .into_iter()
            .map(|lesson| lesson["name"].as_str().expect("a name").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("1/3"), ["open"]);
    assert_eq!(names("2/3"), [""; 0]);
    assert_eq!(names("3/3"), ["right"]);
    assert_eq!(fixture.run(&["grade", "--partition", "4/3"]).code, Some(2));

    let none = fixture.run(&["grade", "open"]);
    assert_eq!(none.code, Some(0));
    assert_eq!(
        none.stdout.lines().last(),
        Some(" 1 lesson: nothing is attempted; every file is its stub")
    );
}

#[test]
fn two_checkouts_leave_the_learner_only_the_file() {
    let (course, submission) = (Fixture::new(), Fixture::new());
    let place = "01_basics/01_sum";
    let of_course = course.lesson(place, "sum");
    let of_learner = submission.lesson(place, "sum");
    // Tests and lock, with its list of tests: all of it made to fit a wrong solution.
    tamper(&submission, &of_learner, "edit");
    of_learner.record_with(&["correctness::adds"]);
    // What the teacher has solved is no matter.
    of_course.solve();
    let alone = submission.run(&["grade"]);
    assert_eq!(alone.code, Some(0), "{alone:?}");

    let path = |fixture: &Fixture| fixture.root.to_string_lossy().into_owned();
    let from_course = course.run(&["grade", "--submission", &path(&submission)]);
    let from_submission = submission.run(&["grade", "--pristine", &path(&course)]);
    for ran in [&from_course, &from_submission] {
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(
            ran.stdout.contains("edited exercises/01_basics/01_sum/tests/correctness.rs"),
            "{}",
            ran.stdout
        );
        assert!(ran.stdout.contains("3 of 4"), "{}", ran.stdout);
    }
    assert_eq!(from_course.stdout, from_submission.stdout);

    // One checkout under two names is one checkout.
    let itself = path(&course);
    course.replace(&of_course.exercise("tests/correctness.rs"), "2), 4", "2), 5");
    let lock = course.run(&["grade", "--pristine", &itself]);
    assert!(lock.stdout.contains("not scored"), "{}", lock.stdout);

    let nowhere = course.run(&["grade", "--submission", "nowhere"]);
    assert_eq!(nowhere.code, Some(1));
    assert!(nowhere.stderr.contains("give the folder of a checkout"), "{}", nowhere.stderr);
}
