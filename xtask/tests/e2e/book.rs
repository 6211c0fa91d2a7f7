//! The course as a site: its sources, its links, and what is said without mdBook.

use std::fs;
use std::os::unix::fs::PermissionsExt;

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
