//! What a lesson says: its README, its hints, its manifest.

use std::fs;

use crate::course::hints::parse;
use crate::course::{Lesson, Workspace};

/// The headings that a lesson's README has, in this order. Others may stand between them.
pub const HEADINGS: [&str; 5] = [
    "Why",
    "Go and Rust",
    "The contract",
    "Dry run",
    "Things to break",
];

/// The fewest hints.
const HINTS: usize = 3;

/// The fewest words of a section: less is a heading with an excuse.
const WORDS: usize = 5;

/// What stands where a text is still missing.
const PLACEHOLDER: &str = "To be written";

/// What is missing from the texts of `lesson`.
pub fn problems(workspace: &Workspace, lesson: &Lesson) -> Vec<String> {
    let mut problems = Vec::new();
    let mut read = |path: std::path::PathBuf| {
        fs::read_to_string(workspace.path(&path))
            .map_err(|error| problems.push(format!("{} cannot be read: {error}", path.display())))
            .ok()
    };
    let (readme_text, hints_text) = (read(lesson.readme()), read(lesson.hints()));
    if let Some(text) = readme_text {
        problems.extend(
            readme(&text)
                .into_iter()
                .map(|problem| format!("README.md: {problem}")),
        );
    }
    if let Some(text) = hints_text {
        problems.extend(
            hints(&text)
                .into_iter()
                .map(|problem| format!("HINTS.md: {problem}")),
        );
    }
    problems.extend(
        manifest(lesson)
            .into_iter()
            .map(|problem| format!("Cargo.toml: {problem}")),
    );
    for part in [
        "src/race_freedom.rs",
        "tests/correctness.rs",
        "tests/no_leaks.rs",
        "examples/tour.rs",
    ] {
        match fs::read_to_string(workspace.path(lesson.exercise.join(part))) {
            Ok(text) if text.contains(PLACEHOLDER) => {
                problems.push(format!("{part}: `{PLACEHOLDER}`"))
            }
            Ok(_) => {}
            Err(error) => problems.push(format!("{part} cannot be read: {error}")),
        }
    }
    // Whether these are there is the other gates' affair.
    let chapter = lesson.exercise.with_file_name("README.md");
    for path in [lesson.stub(), lesson.reference(), lesson.bench(), chapter] {
        let text = fs::read_to_string(workspace.path(&path)).unwrap_or_default();
        if text.contains(PLACEHOLDER) {
            problems.push(format!("{}: `{PLACEHOLDER}`", path.display()));
        }
    }
    problems
}

fn readme(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if text.contains(PLACEHOLDER) {
        problems.push(format!("`{PLACEHOLDER}`"));
    }
    let sections = parse(text);
    let mut after = 0;
    for heading in HEADINGS {
        match sections.iter().position(|section| section.title == heading) {
            None => problems.push(format!("no heading `## {heading}`")),
            Some(at) => {
                if at < after {
                    problems.push(format!(
                        "`## {heading}` stands too early; the order is {}",
                        HEADINGS.join(", ")
                    ));
                }
                after = at;
                if sections[at].text.split_whitespace().count() < WORDS {
                    problems.push(format!("`## {heading}` has next to no text"));
                }
            }
        }
    }
    problems
}

fn hints(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if text.contains(PLACEHOLDER) {
        problems.push(format!("`{PLACEHOLDER}`"));
    }
    let hints = parse(text);
    if hints.len() < HINTS {
        problems.push(format!(
            "{} hints under `## ` headings; a lesson has at least {HINTS}",
            hints.len()
        ));
    }
    for hint in hints.iter().filter(|hint| hint.text.is_empty()) {
        problems.push(format!("`## {}` says nothing", hint.title));
    }
    problems
}

fn manifest(lesson: &Lesson) -> Vec<String> {
    let about = &lesson.about;
    let missing = [
        (
            "package.description",
            about.description.trim().is_empty() || about.description.contains(PLACEHOLDER),
        ),
        (
            "package.metadata.lesson.title",
            about.title.trim().is_empty(),
        ),
        ("package.metadata.lesson.go", about.go.trim().is_empty()),
        (
            "package.metadata.lesson.concepts",
            about.concepts.is_empty(),
        ),
        ("package.metadata.lesson.minutes", about.minutes == 0),
    ];
    missing
        .iter()
        .filter(|(_, missing)| *missing)
        .map(|(key, _)| format!("no {key}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good_readme() -> String {
        let text = "word ".repeat(20);
        HEADINGS
            .iter()
            .map(|heading| format!("## {heading}\n\n{text}\n\n"))
            .collect()
    }

    #[test]
    fn a_readme_has_its_parts_in_order() {
        assert_eq!(readme(&good_readme()), Vec::<String>::new());
        let cases = [
            (
                good_readme().replace("## Dry run", "## A run"),
                "no heading `## Dry run`",
            ),
            (
                good_readme()
                    .replace("## Why", "## X")
                    .replace("## Dry run", "## Why"),
                "stands too early",
            ),
            (good_readme() + "To be written", "To be written"),
            (
                good_readme().replacen(&"word ".repeat(20), "few", 1),
                "`## Why` has next to no text",
            ),
        ];
        for (text, problem) in cases {
            let found = readme(&text);
            assert!(
                found.iter().any(|line| line.contains(problem)),
                "{problem}: {found:?}"
            );
        }
    }

    #[test]
    fn there_are_three_hints() {
        assert_eq!(
            hints("## Hint 1\na\n## Hint 2\nb\n## Hint 3\nc\n"),
            Vec::<String>::new()
        );
        assert_eq!(hints("## Hint 1\na\n").len(), 1);
        assert_eq!(
            hints("## Hint 1\na\n## Hint 2\n\n## Hint 3\nc\n"),
            ["`## Hint 2` says nothing"]
        );
    }

    #[test]
    fn a_manifest_says_what_the_lesson_is() {
        let lesson = &crate::course::select::tests::workspace(&["a"]).lessons[0];
        let problems = manifest(lesson).join("\n");
        assert!(
            problems.contains("minutes") && problems.contains("go") && !problems.contains("title"),
            "{problems}"
        );
    }
}
