//! The course as a site: its sources, its links, and what is said without mdBook.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::explore::record;
use crate::fixture::{Fixture, Ran};

/// A course of two lessons, with links of every kind.
fn course() -> Fixture {
    let fixture = Fixture::new();
    for (place, name) in [("01_basics/01_sum", "sum"), ("01_basics/02_total", "total")] {
        let lesson = fixture.lesson(place, name);
        let readme = lesson.exercise("README.md");
        let text = fixture.read(&readme);
        fixture.write(
            &readme,
            &format!("# Adding: {name}\n\n[File](src/{name}.rs), [Go](../../GO.md).\n\n{text}"),
        );
    }
    fixture.write(
        "README.md",
        "# A course\n\n[The path](exercises/README.md#chapters) and [more](https://example.com).\n",
    );
    fixture.write(
        "exercises/README.md",
        "# The path\n\n## Chapters\n\n[Basics](01_basics/README.md)\n",
    );
    fixture.write(
        "exercises/01_basics/README.md",
        "# Basics\n\n[One](01_sum/README.md#why), [two](02_total/README.md), [errors](ERRORS.md).\n",
    );
    fixture.write("exercises/01_basics/ERRORS.md", "# Errors\n\n`[no](link.md)`\n");
    fixture.write("exercises/GO.md", "# Go\n");
    fixture
}

/// Runs `book` where these are all the programs.
fn book(fixture: &Fixture, arguments: &[&str]) -> Ran {
    let path = fixture.root.join("tools");
    let home = fixture.root.join("cargo home");
    let words: Vec<_> = ["book"].iter().chain(arguments).copied().collect();
    fixture.run_with(&words, &[("PATH", path.as_os_str()), ("CARGO_HOME", home.as_os_str())])
}

/// An mdBook that writes the one page.
fn install_mdbook(fixture: &Fixture) {
    fixture.write("tools/mdbook", "#!/bin/sh\n[ \"$1\" = build ] && : > made\n");
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(fixture.root.join("tools/mdbook"), executable).expect("executable");
}

#[test]
fn the_book_has_all_texts_and_its_links_lead_to_them() {
    let fixture = course();
    let none = book(&fixture, &[]);
    assert_eq!(none.code, Some(1), "{}", none.stderr);
    insta::assert_snapshot!("book_no_tool", none.stdout);
    assert!(!fixture.root.join("target/book").exists());

    install_mdbook(&fixture);
    let ran = book(&fixture, &[]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    insta::assert_snapshot!("book", ran.stdout);
    insta::assert_snapshot!("book_summary", fixture.read("target/book/src/SUMMARY.md"));
    assert!(fixture.root.join("target/book/made").is_file());
    for (page, link) in [
        ("index.md", "(exercises/index.md#chapters) and [more](https://example.com)"),
        (
            "exercises/01_basics/index.md",
            "(01_sum/index.md#why), [two](02_total/index.md), [errors](ERRORS.md)",
        ),
        ("exercises/01_basics/01_sum/index.md", "[File](src/sum.rs.txt), [Go](../../GO.md)"),
    ] {
        let text = fixture.read(&format!("target/book/src/{page}"));
        assert!(text.contains(link), "{page}: {text}");
    }
    assert_eq!(
        fixture.read("target/book/src/exercises/01_basics/01_sum/src/sum.rs.txt"),
        fixture.read("exercises/01_basics/01_sum/src/sum.rs")
    );
}

/// Two mistakes that a model catches, of which one is the challenge, and one that none does.
#[test]
fn the_book_has_the_pages_of_the_explorer_that_are_asked_for() {
    let fixture = course();
    install_mdbook(&fixture);
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    sum.mistake("races", "a | b | 4", "race_freedom::adds_in_any_order", "data race");
    sum.mistake("loses", "a | b | 8", "race_freedom::adds_in_any_order", "data race");
    sum.mistake("subtracts", "a.wrapping_sub(b)", "correctness::adds", "panic");
    record(&fixture, &sum, 1);
    let readme = sum.exercise("README.md");
    let text = fixture.read(&readme);
    fixture.write(&readme, &format!("{text}\n`cargo xtask explore sum --mistake races`\n"));
    for (which, others) in [("--explore", 0), ("--explore=mistakes", 1)] {
        let ran = fixture.run_with(&["book", which], &[("PATH", with_tools(&fixture).as_os_str())]);
        assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
        let said = format!("{} of the explorer's", 1 + others);
        assert!(ran.stdout.contains(&said), "{}", ran.stdout);
        let page = |name: &str| {
            fixture.read(&format!("target/book/src/exercises/01_basics/01_sum/{name}"))
        };
        assert!(page("explore.races.html").contains("Content-Security-Policy"));
        let text = page("index.md");
        assert!(
            text.contains("--mistake races` ([play it here](explore.races.html#play))"),
            "{text}"
        );
        assert_eq!(text.matches("- [loses](explore.loses.html#play): ").count(), others, "{text}");
        assert!(!text.contains("subtracts"), "{text}");
    }
}

/// The programs that there are, and those of the fixture.
fn with_tools(fixture: &Fixture) -> OsString {
    let path = std::env::var_os("PATH").expect("there is a PATH");
    let all = std::iter::once(fixture.root.join("tools")).chain(std::env::split_paths(&path));
    std::env::join_paths(all).expect("no name has a separator in it")
}

#[test]
fn a_link_that_leads_nowhere_is_refused() {
    let fixture = course();
    install_mdbook(&fixture);
    fixture.replace("README.md", "README.md#chapters", "README.md#lessons");
    fixture.replace("exercises/01_basics/README.md", "ERRORS.md", "MISTAKES.md");
    fixture.write("exercises/GO.md", "# Go\n\n[Out](../../../other/README.md)\n");
    let ran = book(&fixture, &[]);
    assert_eq!(ran.code, Some(1));
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for link in [
        "README.md:3: the link to exercises/README.md#lessons: exercises/README.md has no such heading",
        "exercises/01_basics/README.md:3: the link to MISTAKES.md: there is no exercises/01_basics/MISTAKES.md",
        "exercises/GO.md:3: the link to ../../../other/README.md: it leaves the workspace",
    ] {
        assert!(said.contains(link), "{link}: {said}");
    }
    assert!(!fixture.root.join("target/book/made").exists());
}
