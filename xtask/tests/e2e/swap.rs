//! swap, restore and reset: what the learner reads, and that nothing of theirs is ever lost.

use std::fs;

use insta::assert_snapshot;

use crate::fixture::{Fixture, Ran};

const MINE: &str =
    "//! Sums.\n\n/// Adds.\npub fn add(a: u32, b: u32) -> u32 {\n    b + a // größer\n}\n";

/// What it said, with `[TIME]` for every moment, in the width of one.
fn said(ran: &Ran) -> String {
    const MOMENT: &str = "2026-08-04T21:07:00Z";
    let mut text = format!("{}{}", ran.stderr, ran.stdout);
    let mut at = 0;
    while let Some(window) = text.get(at..) {
        let is_moment = window.len() >= MOMENT.len()
            && window
                .bytes()
                .zip(MOMENT.bytes())
                .all(|(is, like)| is == like || is.is_ascii_digit() && like.is_ascii_digit());
        if is_moment {
            text.replace_range(at..at + MOMENT.len(), "[TIME              ]");
        }
        at += text[at..].chars().next().map_or(1, char::len_utf8);
    }
    text
}

/// Runs it and requires that it did what it was asked.
fn ok(fixture: &Fixture, arguments: &[&str]) -> String {
    let ran = fixture.run(arguments);
    assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
    assert_eq!(ran.stderr, "", "{arguments:?}");
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
    said(&ran)
}

/// Runs it and requires that it failed with this code.
fn fails(fixture: &Fixture, code: i32, arguments: &[&str]) -> String {
    let ran = fixture.run(arguments);
    assert_eq!(ran.code, Some(code), "{arguments:?}: {ran:?}");
    said(&ran)
}

/// The names in a folder, in order.
fn names(fixture: &Fixture, folder: &str) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(fixture.root.join(folder))
        .expect(folder)
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_swap_is_not_the_learners_doing_and_can_be_undone() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fixture.write(&sum.file(), MINE);
    assert_eq!(fixture.run(&["next"]).code, Some(0));

    assert_snapshot!("swapped", ok(&fixture, &["swap", "sum"]));
    assert_eq!(fixture.read(&sum.file()), fixture.read(&sum.reference()));
    assert_eq!(names(&fixture, &sum.exercise("src")), ["lib.rs", "race_freedom.rs", "sum.rs"]);
    assert_snapshot!("swapped_already", ok(&fixture, &["swap"]));
    assert_snapshot!("swapped_list", ok(&fixture, &["list"]));
    assert_snapshot!("swapped_next", said(&fixture.run(&["next"])));
    let checked = fixture.run(&["list", "--check"]);
    assert_eq!(checked.stderr, " 1.1   sum is the reference\n");
    assert!(checked.stdout.contains("0 of 1 done"), "{}", checked.stdout);

    assert_snapshot!("restored", ok(&fixture, &["restore"]));
    assert_eq!(fixture.read(&sum.file()), MINE);
    // This very source passed before.
    assert!(ok(&fixture, &["list"]).contains("1 of 1 done"));
    assert_snapshot!("nothing_else", fails(&fixture, 1, &["restore", "sum"]));
    assert_eq!(fixture.read(&sum.file()), MINE);
}

#[test]
fn a_plain_restore_means_the_lesson_that_is_swapped() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    let total = fixture.lesson("01_basics/02_total", "total");
    fixture.write(&total.file(), MINE);
    ok(&fixture, &["swap", "total"]);
    assert!(ok(&fixture, &["restore"]).contains("1.2  total"));
    assert_eq!(fixture.read(&total.file()), MINE);

    ok(&fixture, &["swap", "1.1"]);
    ok(&fixture, &["swap", "tot"]);
    assert_snapshot!("several_swapped", fails(&fixture, 2, &["restore"]));
    // The stub can be swapped out and restored like anything else.
    ok(&fixture, &["restore", "sum"]);
    assert_eq!(fixture.read(&sum.file()), sum.stub_text());
}

#[test]
fn every_version_can_be_listed_and_brought_back() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    assert_snapshot!("no_versions", ok(&fixture, &["restore", "--list"]));
    assert_snapshot!("nothing_to_restore", fails(&fixture, 1, &["restore"]));
    assert_snapshot!("stub_already", ok(&fixture, &["reset", "sum"]));

    fixture.write(&sum.file(), MINE);
    assert_snapshot!("reset", ok(&fixture, &["reset"]));
    assert_eq!(fixture.read(&sum.file()), sum.stub_text());
    fixture.write(&sum.file(), "// Another beginning.\n");
    ok(&fixture, &["reset", "sum"]);
    ok(&fixture, &["swap", "sum"]);
    ok(&fixture, &["restore", "sum", "1"]);
    assert_eq!(fixture.read(&sum.file()), MINE);
    assert_snapshot!("versions", ok(&fixture, &["restore", "sum", "--list"]));

    // By the beginning of its hash, as the list shows it.
    let list = ok(&fixture, &["restore", "sum", "--list"]);
    let hash = list
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("2  "))
        .and_then(|line| line.split_whitespace().rev().nth(2))
        .expect("version 2 has a hash");
    ok(&fixture, &["restore", "sum", hash]);
    assert_eq!(fixture.read(&sum.file()), "// Another beginning.\n");
    let there = ok(&fixture, &["restore", "sum", "2"]);
    assert!(there.contains("Version 2 is what is there now: nothing was changed."), "{there}");
    assert_snapshot!("no_such_version", fails(&fixture, 2, &["restore", "sum", "9"]));
    let lesson_first = fails(&fixture, 2, &["restore", "1"]);
    assert!(
        lesson_first.ends_with("A version goes after its lesson: cargo xtask restore LESSON 1\n"),
        "{lesson_first}"
    );
    assert_eq!(fixture.read(&sum.file()), "// Another beginning.\n");
}

#[test]
fn damage_to_the_store_is_said_and_what_is_whole_comes_back() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    for text in [MINE, "// The second.\n"] {
        fixture.write(&sum.file(), text);
        ok(&fixture, &["reset", "sum"]);
    }
    fixture.write(".kata/versions/sum/index.toml", "version = 1\n\n[[kept]]\nat = \"20");
    let list = fixture.run(&["restore", "sum", "--list"]);
    assert_eq!(list.code, Some(0));
    assert_snapshot!("damaged_index", list.stderr.replace(&stamp(&list), "STAMP"));
    assert!(list.stdout.contains(" 6 lines\n") && list.stdout.contains(" 1 line\n"));

    // The newest is damaged: it is said, and the one before it comes back.
    let newest = copy_of(&fixture, "// The second.\n");
    fixture.write(&format!(".kata/versions/sum/{newest}"), "scribbled over");
    fixture.write(&sum.file(), "// The third.\n");
    let restored = fixture.run(&["restore", "sum"]);
    assert_eq!(restored.code, Some(0), "{restored:?}");
    assert!(restored.stderr.contains("is not what its name says"), "{}", restored.stderr);
    assert_eq!(fixture.read(&sum.file()), MINE);
    // And where the index has it.
    let third = copy_of(&fixture, "// The third.\n");
    fixture.remove(&format!(".kata/versions/sum/{third}"));
    let gone = fixture.run(&["restore", "sum"]);
    assert_eq!(gone.code, Some(1), "{gone:?}");
    assert!(gone.stderr.contains("cannot be read from"), "{gone:?}");
    let list = fixture.run(&["restore", "sum", "--list"]);
    assert!(list.stdout.contains("before restore · cannot be read\n"));

    // A later runner's index is left alone, and so is the file.
    fixture.write(".kata/versions/sum/index.toml", "version = 9\n");
    let later = fails(&fixture, 1, &["swap", "sum"]);
    assert!(later.contains("was written by a later runner (version 9)"), "{later}");
    assert_eq!(fixture.read(&sum.file()), MINE);
}

/// The name of the file in the store that has this content.
fn copy_of(fixture: &Fixture, content: &str) -> String {
    names(fixture, ".kata/versions/sum")
        .into_iter()
        .find(|name| {
            name.ends_with(".rs") && fixture.read(&format!(".kata/versions/sum/{name}")) == content
        })
        .expect("it was kept")
}

/// The moment in the name of a file that was set aside.
fn stamp(ran: &Ran) -> String {
    let (_, after) = ran.stderr.split_once("damaged-").expect("set aside");
    after.split(';').next().unwrap_or_default().to_owned()
}

#[test]
fn a_file_that_is_missing_a_folder_or_a_link_is_said() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fixture.remove(&sum.file());
    assert_snapshot!("no_file", ok(&fixture, &["swap", "sum"]));
    assert_eq!(fixture.read(&sum.file()), fixture.read(&sum.reference()));

    fixture.write(&sum.file(), MINE);
    ok(&fixture, &["reset", "sum"]);
    fixture.remove(&sum.file());
    ok(&fixture, &["restore", "sum"]);
    assert_eq!(fixture.read(&sum.file()), MINE);

    fixture.remove(&sum.file());
    fs::create_dir(fixture.root.join(sum.file())).expect("made");
    for command in ["swap", "restore", "reset"] {
        assert_snapshot!("folder", fails(&fixture, 1, &[command, "sum"]));
    }
    fs::remove_dir(fixture.root.join(sum.file())).expect("removed");

    fixture.remove(&sum.reference());
    assert_snapshot!("no_reference", fails(&fixture, 1, &["swap", "sum"]));

    #[cfg(unix)]
    {
        fixture.write("mine elsewhere.rs", "// Mine, elsewhere.\n");
        let link = fixture.root.join(sum.file());
        std::os::unix::fs::symlink("../../../../mine elsewhere.rs", &link).expect("linked");
        assert_snapshot!("link", fails(&fixture, 0, &["reset", "sum"]));
        assert!(link.is_symlink());
        assert_eq!(fixture.read("mine elsewhere.rs"), sum.stub_text());
        ok_with_note(&fixture, &["restore", "sum"]);
        assert_eq!(fixture.read("mine elsewhere.rs"), "// Mine, elsewhere.\n");
        fixture.remove("mine elsewhere.rs");
        assert_snapshot!("dangling_link", fails(&fixture, 1, &["reset", "sum"]));
    }
}

#[cfg(unix)]
fn ok_with_note(fixture: &Fixture, arguments: &[&str]) {
    assert_eq!(fixture.run(arguments).code, Some(0));
}

#[test]
fn what_cannot_be_kept_is_not_replaced() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fixture.write(&sum.file(), MINE);
    fixture.write(".kata/versions/sum", "a file where a folder should be");
    let error = fails(&fixture, 1, &["reset", "sum"]);
    assert!(error.starts_with("error: cannot read"), "{error}");
    assert_eq!(fixture.read(&sum.file()), MINE);
    fixture.remove(".kata/versions/sum");

    // A limit on the size of files is, to the runner, a disk that is full.
    #[cfg(unix)]
    for (blocks, said) in
        [(0, "cannot keep a copy in"), (2, "cannot write beside [ROOT]/exercises")]
    {
        let reference = fixture.read(&sum.reference());
        let long = format!("{reference}{}", "// And so on.\n".repeat(500));
        fixture.write(&sum.reference(), &long);
        let shell = format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec '{}' swap sum",
            env!("CARGO_BIN_EXE_xtask")
        );
        let full = fixture.run_command(
            std::process::Command::new("sh").args(["-c", &shell]).current_dir(&fixture.root),
        );
        assert_eq!(full.code, Some(1), "{full:?}");
        assert!(full.stderr.contains(said), "{blocks}: {}", full.stderr);
        assert_eq!(fixture.read(&sum.file()), MINE);
        assert_eq!(names(&fixture, &sum.exercise("src")), ["lib.rs", "race_freedom.rs", "sum.rs"]);
        fixture.write(&sum.reference(), &reference);
    }
    ok(&fixture, &["swap", "sum"]);
    ok(&fixture, &["restore", "sum"]);
    assert_eq!(fixture.read(&sum.file()), MINE);
}

#[test]
fn paths_may_have_spaces_and_letters_of_any_alphabet() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_größe und 数/01_la somme", "sum");
    fixture.write(&sum.file(), MINE);
    let swapped = ok(&fixture, &["swap"]);
    assert!(
        swapped.contains(" Read   exercises/01_größe und 数/01_la somme/src/sum.rs\n"),
        "{swapped}"
    );
    assert_eq!(fixture.read(&sum.file()), fixture.read(&sum.reference()));
    ok(&fixture, &["restore"]);
    assert_eq!(fixture.read(&sum.file()), MINE);
}
