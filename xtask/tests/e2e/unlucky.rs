//! What happens to people who have no luck.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
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
        let first_line = if reworded { "//! More sums." } else { "//! Sums." };
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
    let file = fs::File::options().write(true).open(fixture.root.join(path));
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
        &MINE.replace("sum + 1", "one::more(sum)").replace("\n\n", "\n\nmod one;\n\n"),
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
        ("ignored", in_file(&FAILS.replace("fn", "#[ignore]\nfn")), None, 0),
        ("hanging", in_file(&FAILS.replace("assert_eq!(1, 2)", "loop {}")), None, 0),
        ("file", MINE.to_owned(), Some(("tests/mine.rs", FAILS)), 0),
        ("no_rust", MINE.to_owned(), Some(("tests/mine.rs", "this is no Rust")), 0),
        (
            "module",
            module(""),
            Some(("src/sum/helper.rs", "pub fn add(a: u32, b: u32) -> u32 {\n    a + b\n}\n")),
            0,
        ),
        (
            "wrong_module",
            module(" + 1"),
            Some(("src/sum/helper.rs", "pub fn add(a: u32, b: u32) -> u32 {\n    a + b\n}\n")),
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
                // Which of the two builds complains first is a matter of the moment.
                let lines = tested.stdout.lines();
                let page: Vec<_> =
                    lines.filter(|line| !line.starts_with("error: could not compile")).collect();
                let page = format!("{}\n----\n{}", page.join("\n"), graded.stdout);
                assert_snapshot!(format!("own_{what}"), page);
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
    for (i, (path, others)) in
        [("src/sums.rs", 0), ("src/sum/mod.rs", 0), ("src/my_sums.rs", 1)].into_iter().enumerate()
    {
        let path = sum.exercise(path);
        fixture.write(&path, MINE);
        for other in 0..others {
            fixture.write(&sum.exercise(&format!("src/other_{other}.rs")), MINE);
        }
        let _ = fs::remove_file(fixture.root.join(sum.file()));
        let (tested, graded) = (fixture.run(&["test", "sum"]), fixture.run(&["grade"]));
        assert_eq!((tested.code, graded.code), (Some(1), Some(1)), "{path}");
        assert_snapshot!(format!("moved_{i}"), format!("{}----\n{}", tested.stdout, graded.stdout));
        fixture.remove(&path);
    }
}

#[test]
fn variables_of_loom_are_kept_from_the_tests() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fixture.write(&sum.file(), MINE);
    fixture.replace(
        &sum.exercise("src/race_freedom.rs"),
        "fn adds_in_any_order() {",
        "fn adds_in_any_order() {\n    assert_eq!(std::env::var(\"LOOM_MAX_BRANCHES\"), Err(std::env::VarError::NotPresent));",
    );
    let ran = fixture.run_with(&["test", "sum"], &[("LOOM_MAX_BRANCHES", "abc".as_ref())]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_snapshot!("loom_variable", ran.stdout);
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error() {
    let fixture = Fixture::new();
    fixture.lesson("01_basics/01_sum", "sum");
    let mut said = String::new();
    for arguments in [&["grade", "--json"][..], &["list"], &["list", "--json"], &["doctor"]] {
        let full = fs::File::options().write(true).open("/dev/full");
        let mut command = fixture.command(arguments);
        command.stdout(full.expect("Linux has it")).stderr(Stdio::piped());
        let ran = command.spawn().and_then(Child::wait_with_output).expect("started");
        assert_eq!(ran.status.code(), Some(1), "{arguments:?}");
        let stderr = String::from_utf8_lossy(&ran.stderr);
        said += stderr.lines().last().unwrap_or_default();
        said += "\n";
    }
    assert_snapshot!("full", said);
}

#[test]
fn a_path_to_a_lesson_or_into_it_is_its_name() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fixture.lesson("01_basics/02_total", "total");
    let file = sum.file();
    let absolute = fixture.root.join(&file).to_string_lossy().into_owned();
    let test = sum.exercise("tests/correctness.rs");
    let solution = sum.solution("");
    for (folder, path) in [
        ("", "01_sum"),
        ("", "exercises/01_basics/01_sum"),
        ("", "exercises/01_basics/01_sum/"),
        ("", &*file),
        ("", &*test),
        ("", &*solution),
        ("", &*absolute),
        ("exercises/01_basics/01_sum", "."),
        ("exercises/01_basics/01_sum/src", "sum.rs"),
        ("exercises/01_basics/02_total", "../01_sum/README.md"),
    ] {
        let mut command = fixture.command(&["hint", path]);
        let ran = fixture.run_command(command.current_dir(fixture.root.join(folder)));
        assert_eq!(ran.code, Some(0), "{path}: {ran:?}");
        assert!(ran.stdout.contains("cargo xtask hint sum"), "{path}: {}", ran.stdout);
    }
    for path in [".", "exercises/01_basics", "/tmp", "exercises/README.md"] {
        assert_eq!(fixture.run(&["test", path]).code, Some(2), "{path}");
    }
    assert_snapshot!("no_lesson_there", fixture.run(&["test", "exercises/01_basics"]).stderr);
}

#[test]
fn what_the_learners_file_lacks_is_named_there() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    let latin_1 = b"//! Sums.\n\n// \xfcber\npub fn add(a: u32, b: u32) -> u32 {\n    a + b\n}\n";
    for (what, text) in [
        ("empty", &b""[..]),
        ("renamed", b"//! Sums.\n\n/// Adds.\npub fn sum(a: u32, b: u32) -> u32 {\n    a + b\n}\n"),
        (
            "another_type",
            b"//! Sums.\n\n/// Adds.\npub fn add(a: u64, b: u64) -> u64 {\n    a + b\n}\n",
        ),
        ("latin_1", latin_1),
    ] {
        fs::write(fixture.root.join(sum.file()), text).expect("written");
        if what == "another_type" {
            fixture.replace(&sum.exercise("tests/correctness.rs"), "2, 2", "2_u32, 2");
        }
        let ran = fixture.run(&["test", "sum"]);
        assert_eq!(ran.code, Some(1), "{what}");
        let (_, page) = ran.stdout.split_once("\n 1.1  sum").expect("a header");
        assert!(!page.contains("lib.rs"), "{what}: {page}");
        assert_snapshot!(format!("lacks_{what}"), page);
    }
}

#[test]
fn a_setting_from_outside_is_named_and_not_the_learners_file() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fixture.write(&sum.file(), MINE);
    // That is where cargo's home is then.
    fixture.nextest.set(false);
    let mut pages = String::new();
    for config in [
        "[build]\njobs = 0\n",
        "[build]\nrustc-wrapper = \"false\"\n",
        "[build]\nrustflags = [\"--no-such-flag\"]\n",
        "[build]\ntarget = \"no-such-target\"\n",
        "[target.'cfg(all())']\nlinker = \"/no/such/linker\"\n",
    ] {
        fixture.write("cargo home/config.toml", config);
        let ran = fixture.run(&["test", "sum"]);
        assert_eq!(ran.code, Some(1), "{config}");
        let (_, page) = ran.stdout.split_once("\n 1.1  sum").expect("a header");
        assert!(!page.contains("sum.rs"), "{config}: {page}");
        pages += &format!("{config}\n 1.1  sum{page}----\n");
    }
    assert_snapshot!("settings", pages);
    let doctor = fixture.run(&["doctor"]).stdout;
    let words: Vec<_> = doctor.split_whitespace().collect();
    assert!(words.join(" ").contains("linker in [ROOT]/cargo home/config.toml"), "{doctor}");
}

#[test]
fn a_long_build_is_said_at_once() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fixture.write(&sum.file(), MINE);
    // With what the lesson stands on, and then alone.
    let all = fixture.run(&["test", "sum"]);
    fixture.write(&sum.file(), &MINE.replace("//! Sums.", "//! Mine."));
    let alone = fixture.run(&["test", "sum"]);
    assert_snapshot!("builds", format!("{}----\n{}", all.stderr, alone.stderr));
}

#[cfg(unix)]
#[test]
fn who_is_waited_for_is_said_at_once() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fixture.write(&sum.file(), MINE);
    fixture.write("target/debug/.cargo-lock", "");
    let lock = fs::File::options().write(true).open(fixture.root.join("target/debug/.cargo-lock"));
    let lock = lock.expect("opened");
    lock.lock().expect("locked");
    let mut command = fixture.command(&["test", "sum"]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut runner = command.spawn().expect("started");
    let mut said = BufReader::new(runner.stderr.take().expect("a pipe"));
    let mut line = String::new();
    said.read_line(&mut line).expect("a line");
    assert_snapshot!("waits_for_cargo", line);
    drop(lock);
    assert!(runner.wait().expect("ended").success());
}

#[test]
fn hints_are_folded_and_their_tables_drawn() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    let hints = "# Hints\n\n## Hint 1\n\nThis line was broken where the file is broken, at a hundred columns or so, and the\nterminal has eighty of them, of which the page takes one.\n\n| thread | what it sees |\n|---|---|\n| main | 1 |\n| other | 2 |\n\n```rust\na + b\n```\n";
    fixture.write(&sum.exercise("HINTS.md"), hints);
    for columns in ["80", "50"] {
        let ran = fixture.run_with(&["hint", "sum"], &[("COLUMNS", columns.as_ref())]);
        assert_snapshot!(format!("hint_{columns}"), ran.stdout);
    }
}

#[test]
fn one_bad_lesson_is_named_with_what_to_type() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    let total = fixture.lesson("01_basics/02_total", "total");
    fixture.write(&sum.file(), MINE);
    let manifest = fixture.read(&total.exercise("Cargo.toml"));
    let show = |what: &str, code: i32| {
        let doctor = fixture.run(&["doctor"]);
        assert_eq!(doctor.code, Some(code), "{what}: {}", doctor.stdout);
        let from = doctor.stdout.find(" Lessons ").expect("a finding");
        let lines: Vec<_> = doctor.stdout[from..].lines().collect();
        let end = lines[1..].iter().position(|line| !line.starts_with("   ")).expect("another");
        let list = fixture.run(&["list"]);
        assert_eq!(list.code, Some(0), "{what}: {list:?}");
        assert!(list.stdout.contains("sum"), "{}", list.stdout);
        let page = format!("{}\n----\n{}", lines[..=end].join("\n"), list.stderr);
        assert_snapshot!(format!("bad_{what}"), page);
    };
    fixture.write(&total.exercise("Cargo.toml"), &format!("<<<<<<< HEAD\n{manifest}"));
    show("conflict", 1);
    fixture.write(&total.exercise("Cargo.toml"), &manifest);

    fixture.write(
        "exercises/01_basics/01_sum copy/Cargo.toml",
        &fixture.read(&sum.exercise("Cargo.toml")),
    );
    show("copy", 1);
    fs::remove_dir_all(fixture.root.join("exercises/01_basics/01_sum copy")).expect("removed");

    fs::create_dir(fixture.root.join("exercises/01_basics/notes")).expect("made");
    show("empty", 1);
    fs::remove_dir(fixture.root.join("exercises/01_basics/notes")).expect("removed");

    fixture.write("Cargo.lock", "version = 4\n<<<<<<< HEAD\n");
    show("lock", 1);
    fixture.remove("Cargo.lock");

    fs::remove_dir_all(fixture.root.join(total.exercise(""))).expect("removed");
    show("gone", 0);
    assert_eq!(fixture.run(&["test", "sum"]).code, Some(0));
}
