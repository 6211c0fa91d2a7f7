//! A learner's way through the lessons.

use std::fs::File;
use std::io::Read;
use std::process::Stdio;

use insta::assert_snapshot;

use crate::fixture::Fixture;

/// What is said on stderr when more than the lesson itself is built.
const BUILDING: &str = " building; the first time takes up to a minute\n";

#[test]
fn next_leads_from_lesson_to_lesson() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    let total = fixture.lesson("02_more/01_total", "total");
    fixture.write("exercises/02_more/README.md", "# More of the same\n");

    let start = fixture.run(&["next"]);
    assert_eq!(start.code, Some(1));
    assert_snapshot!("start", start.stdout);
    assert_eq!(start.stderr, BUILDING);

    sum.solve();
    let passed = fixture.run(&["next"]);
    assert_eq!(passed.code, Some(0));
    assert_snapshot!("passes", passed.stdout);

    let second = fixture.run(&["next"]);
    assert_eq!(second.code, Some(1));
    assert!(second.stdout.contains("2.1  total"), "{}", second.stdout);

    total.solve();
    let last = fixture.run(&["next"]).stdout;
    assert!(last.contains("All 2 lessons are done. `cargo xtask next` says"), "{last}");
    let done = fixture.run(&["next"]);
    assert_eq!(done.code, Some(0));
    assert!(done.stdout.contains("the whole path, 2 lessons"), "{}", done.stdout);

    // What passed was another source.
    fixture.replace(&sum.file(), "a + b", "b + a");
    let list = fixture.run(&["list"]);
    assert_snapshot!("changed", list.stdout);
    let again = fixture.run(&["next"]);
    assert!(again.stdout.contains("sum is done"), "{}", again.stdout);

    // A change that breaks it is no reason to forget that it was done once; the source that fails is not done.
    fixture.replace(&sum.file(), "b + a", "b - a");
    assert_eq!(fixture.run(&["test", "sum"]).code, Some(1));
    let list: serde_json::Value =
        serde_json::from_str(&fixture.run(&["list", "--json"]).stdout).expect("JSON");
    assert_eq!(list["version"], 1);
    assert_eq!(list["current"], "sum");
    assert_eq!(list["lessons"][0]["state"], "changed");
    assert_eq!(list["lessons"][1]["state"], "done");
    assert_eq!(list["lessons"][1]["number"], "2.1");
}

#[test]
fn the_end_of_the_path_says_what_was_done_and_where_to_go() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    let total = fixture.lesson("02_more/01_total", "total");
    for lesson in [&sum, &total] {
        lesson.solve();
        lesson.mistake("subtracts", "a.wrapping_sub(b)", "correctness::adds", "panic");
        assert_eq!(fixture.run(&["next"]).code, Some(0));
    }
    for _ in 0..2 {
        let tried = fixture.run(&["break", "sum", "subtracts"]);
        assert_eq!(tried.code, Some(0), "{}{}", tried.stdout, tried.stderr);
    }
    let end = fixture.run(&["next"]);
    assert_eq!(end.code, Some(0));
    assert_snapshot!("end_of_path", end.stdout);
    assert!(end.stdout.lines().all(|line| line.chars().count() <= 80), "{}", end.stdout);
}

#[test]
fn a_wrong_solution_is_told_what_fails() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fixture.write(
        &sum.file(),
        "//! Sums.\n\n/// Adds.\npub fn add(a: u32, b: u32) -> u32 {\n    if b == 0 {\n        todo!(\"nothing to add\")\n    }\n    a + b + 1\n}\n",
    );
    let wrong = fixture.run(&["next"]);
    assert_eq!(wrong.code, Some(1));
    assert_snapshot!("wrong", wrong.stdout);
    assert!(wrong.stdout.lines().all(|line| line.chars().count() <= 80), "{}", wrong.stdout);

    // Where nextest is not installed, nothing is different.
    fixture.nextest.set(false);
    let without = fixture.run(&["next"]);
    assert_eq!((without.code, &without.stdout), (wrong.code, &wrong.stdout));
    fixture.nextest.set(true);

    // Correctness first: with it the failure of the model is the one in full.
    fixture.replace(
        &sum.exercise("src/race_freedom.rs"),
        "crate::add(1, 2) != 3",
        "crate::add(1, 2) == 3",
    );
    sum.solve();
    assert_snapshot!("wrong_model", fixture.run(&["next"]).stdout);

    let part = fixture.run(&["test", "1.1", "correctness::adds"]);
    assert_eq!(part.code, Some(0), "{}", part.stdout);
    assert_snapshot!("part", part.stdout);
    let absent = fixture.run(&["test", "1.1", "subtracts"]);
    assert_eq!(absent.code, Some(1));
    assert_snapshot!("no_such_test", absent.stdout);
}

#[test]
fn a_compile_error_is_told_in_the_words_of_rustc() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fixture.replace(&sum.file(), "todo!(\"add the two numbers\")", "a + c");
    let failed = fixture.run(&["next"]);
    assert_eq!(failed.code, Some(1));
    assert!(failed.stdout.starts_with("error[E0425]: cannot find value `c`"), "{}", failed.stdout);
    let (_, page) = failed.stdout.split_once("\n 1.1  sum").expect("a header");
    assert_snapshot!("not_built", page);
    assert!(
        !failed.stdout.contains("__guard"),
        "the runner's own command line is nobody's business"
    );
}

#[test]
fn a_lesson_whose_tests_are_gone_is_not_done() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    sum.solve();
    fixture.write(&sum.exercise("tests/correctness.rs"), "//! Nothing.\n");
    let fewer = fixture.run(&["next"]);
    assert_eq!(fewer.code, Some(1));
    assert_snapshot!("missing_tests", fewer.stdout);
}

#[test]
fn the_lessons_tests_decide_and_the_learners_are_named() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    sum.solve();
    let text = fixture.read(&sum.file());
    let in_file = "#[cfg(test)]\nmod tests {\n    #[test]\n    fn mine() {\n        assert_eq!(super::add(1, 1), 3);\n    }\n}\n";
    fixture.write(&sum.file(), &format!("{text}\n{in_file}"));
    fixture.write(
        &sum.exercise("tests/mine.rs"),
        "//! Mine.\n\n#[test]\n#[ignore]\nfn later() {}\n\n#[test]\nfn now() {}\n",
    );
    let judged = fixture.run(&["test", "sum"]);
    assert_eq!(judged.code, Some(0), "{}", judged.stdout);
    assert_snapshot!("own_tests", judged.stdout);
    assert!(fixture.run(&["list"]).stdout.contains("1 of 1 done"));
    let graded = fixture.run(&["grade"]);
    assert_eq!(graded.code, Some(0), "{}", graded.stdout);

    // One that is ignored did not run, and the lesson has it.
    let path = sum.exercise("tests/correctness.rs");
    fixture.replace(&path, "fn adds()", "#[ignore]\nfn adds()");
    let ignored = fixture.run(&["test", "sum"]);
    assert_eq!(ignored.code, Some(1), "{}", ignored.stdout);
    assert!(
        ignored.stdout.contains("✗ adds         missing: the lesson has this test"),
        "{}",
        ignored.stdout
    );
    let graded = fixture.run(&["grade"]);
    assert!(graded.stdout.contains("not scored"), "{}", graded.stdout);
}

#[test]
fn warnings_are_counted_not_shown() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fixture.replace(
        &sum.file(),
        "    let _ = (a, b);\n",
        "    let _ = (a, b);\n    let unused = 1;\n",
    );
    sum.solve();
    fixture.replace(&sum.file(), "    a + b", "    let unused = 1;\n    a + b");
    let passed = fixture.run(&["next"]);
    assert_eq!(passed.code, Some(0));
    assert!(
        passed.stdout.contains("rustc has 1 warning for it: cargo check -p sum"),
        "{}",
        passed.stdout
    );
}

#[test]
fn a_name_that_is_none_gets_the_nearest() {
    let fixture = Fixture::new();
    fixture.lesson("01_basics/01_sum", "sum");
    fixture.lesson("01_basics/02_subtraction", "subtraction");
    for (arguments, said) in [
        (&["test", "sun"][..], "no lesson is called sun. The nearest are\n  1.1   sum\n"),
        (&["test", "su"], "several lessons begin with su:\n  1.1   sum\n  1.2   subtraction\n"),
        (&["hint", "9.9"], "no lesson has the number 9.9"),
        (&["verify", "sun"], "no lesson is called sun"),
        (&["test"], "Usage"),
        (&["tset", "sum"], "test"),
    ] {
        let ran = fixture.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains(said), "{arguments:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn hints_come_one_by_one() {
    let fixture = Fixture::new();
    fixture.lesson("01_basics/01_sum", "sum");
    let hints: Vec<_> = (0..4).map(|_| fixture.run(&["hint"]).stdout).collect();
    assert_snapshot!("hints", hints.join("----\n"));
    let all = fixture.run(&["hint", "sum", "--all"]).stdout;
    assert!(all.contains("Hint 1 of 3") && all.contains("Hint 3 of 3"), "{all}");
}

#[test]
fn damaged_progress_is_set_aside_and_derived_again() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fixture.lesson("01_basics/02_total", "total");
    sum.solve();
    fixture.write(".kata/progress.toml", "version = 1\n[lessons.sum");
    let list = fixture.run(&["list"]);
    assert_eq!(list.code, Some(0));
    assert!(list.stderr.contains("[ROOT]/.kata/progress.toml is damaged"), "{}", list.stderr);
    assert!(list.stderr.contains("cargo xtask list --check"), "{}", list.stderr);
    let aside = std::fs::read_dir(fixture.root.join(".kata"))
        .expect("a folder")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .find(|name| name.starts_with("progress.toml.damaged-"))
        .expect("set aside");
    assert_eq!(fixture.read(&format!(".kata/{aside}")), "version = 1\n[lessons.sum");
    assert!(list.stdout.contains("0 of 2 done"), "{}", list.stdout);

    let checked = fixture.run(&["list", "--check"]);
    assert!(checked.stdout.contains("1 of 2 done"), "{}", checked.stdout);
    assert_eq!(checked.stderr, format!("{BUILDING} 1.1   sum passes\n"));
}

#[test]
fn a_second_runner_waits_for_the_first() {
    let fixture = Fixture::new();
    fixture.lesson("01_basics/01_sum", "sum");
    fixture.write(".kata/lock", "4711");
    let lock = File::options().write(true).open(fixture.root.join(".kata/lock")).expect("a file");
    lock.lock().expect("nobody else has it");
    let mut second = fixture
        .command(&["list"])
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut said = [0; 40];
    second.stderr.take().expect("piped").read_exact(&mut said).expect("it says so");
    assert!(String::from_utf8_lossy(&said).starts_with(" another `cargo xtask` is at work here"));
    assert!(second.try_wait().expect("a status").is_none(), "it waits");
    drop(lock);
    assert!(second.wait().expect("a status").success());
}

#[test]
fn marks_and_colours_follow_the_locale_and_the_terminal() {
    let fixture = Fixture::new();
    fixture.lesson("01_basics/01_sum", "sum");
    let ascii = fixture.command(&["list"]).env("LC_ALL", "C").output().expect("started");
    let text = String::from_utf8(ascii.stdout).expect("text");
    assert!(text.is_ascii(), "{text}");
    let coloured = fixture.command(&["list"]).env("CLICOLOR_FORCE", "1").output().expect("started");
    assert!(String::from_utf8_lossy(&coloured.stdout).contains('\x1b'));
    let plain = fixture
        .command(&["list"])
        .env("CLICOLOR_FORCE", "1")
        .env("NO_COLOR", "1")
        .output()
        .expect("started");
    assert!(!String::from_utf8_lossy(&plain.stdout).contains('\x1b'), "NO_COLOR wins");
}

#[test]
fn outside_of_a_workspace_it_says_where_to_go() {
    let fixture = Fixture::new();
    let elsewhere = tempfile::tempdir().expect("a folder");
    let ran = fixture.command(&["next"]).current_dir(elsewhere.path()).output().expect("started");
    assert_eq!(ran.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("Change to the folder that you cloned"));
}
