//! What a lesson says: its README, its hints, its manifest.

use std::fs;

use crate::course::hints::parse;
use crate::course::{Lesson, Workspace};

/// The headings that a lesson's README has, in this order. Others may stand between them.
pub const HEADINGS: [&str; 5] =
    ["Why", "Go and Rust", "The contract", "Dry run", "Things to break"];

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
    let texts = [
        ("README.md", readme_text.map(|text| readme(&text))),
        ("HINTS.md", hints_text.map(|text| hints(&text))),
        ("Cargo.toml", Some(manifest(lesson))),
    ];
    for (file, found) in texts {
        let found = found.into_iter().flatten();
        problems.extend(found.map(|problem| format!("{file}: {problem}")));
    }
    for part in
        ["src/race_freedom.rs", "tests/correctness.rs", "tests/no_leaks.rs", "examples/tour.rs"]
    {
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
    let is_blank = |text: &str| text.trim().is_empty() || text.contains(PLACEHOLDER);
    let missing = [
        ("description", is_blank(&about.description)),
        ("metadata.lesson.title", about.title.trim().is_empty()),
        ("metadata.lesson.go", about.go.trim().is_empty()),
        ("metadata.lesson.concepts", about.concepts.is_empty()),
        ("metadata.lesson.minutes", about.minutes == 0),
    ];
    let missing = missing.iter().filter(|(_, missing)| *missing);
    missing.map(|(key, _)| format!("no package.{key}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readme_has_its_parts_in_order() {
        let text = "word ".repeat(20);
        let sections = HEADINGS.map(|heading| format!("## {heading}\n\n{text}\n\n"));
        let good = sections.concat();
        assert_eq!(readme(&good), Vec::<String>::new());
        let early = good.replace("## Why", "## X");
        for (text, problem) in [
            (good.replace("## Dry run", "## A run"), "no heading `## Dry run`"),
            (early.replace("## Dry run", "## Why"), "stands too early"),
            (good.clone() + "To be written", "To be written"),
            (good.replacen(&text, "few", 1), "`## Why` has next to no text"),
        ] {
            let found = readme(&text);
            let is_said = found.iter().any(|line| line.contains(problem));
            assert!(is_said, "{problem}: {found:?}");
        }
    }

    #[test]
    fn there_are_three_hints() {
        let three = "## Hint 1\na\n## Hint 2\nb\n## Hint 3\nc\n";
        assert_eq!(hints(three), Vec::<String>::new());
        assert_eq!(hints("## Hint 1\na\n").len(), 1);
        let empty = three.replace('b', "");
        assert_eq!(hints(&empty), ["`## Hint 2` says nothing"]);
    }

    #[test]
    fn a_manifest_says_what_the_lesson_is() {
        let lesson = &crate::course::select::tests::workspace(&["a"]).lessons[0];
        let problems = manifest(lesson).join("\n");
        let [minutes, go, title] = ["minutes", "go", "title"].map(|key| problems.contains(key));
        assert!(minutes && go && !title, "{problems}");
    }
}
