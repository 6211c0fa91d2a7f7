//! Which lesson is meant: by name, by number, or by the beginning of a name.

use crate::workspace::{Lesson, Workspace};

/// How many names are offered in place of a wrong one.
const NEAREST: usize = 3;

/// Nothing, or too much, goes by the name that was given. Its text is for the user.
#[derive(Debug, PartialEq, Eq)]
pub struct NoSuchLesson(pub String);

impl std::fmt::Display for NoSuchLesson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoSuchLesson {}

/// The lesson that `wanted` names.
///
/// # Errors
///
/// No lesson is called that, or several begin like that.
pub fn lesson<'a>(workspace: &'a Workspace, wanted: &str) -> Result<&'a Lesson, NoSuchLesson> {
    let lessons = &workspace.lessons;
    if let Some(lesson) = lessons.iter().find(|lesson| lesson.name == wanted) {
        return Ok(lesson);
    }
    if let Some((chapter, number)) = parse_number(wanted) {
        let found = lessons
            .iter()
            .find(|lesson| (lesson.number.chapter, lesson.number.lesson) == (chapter, number));
        return found.ok_or_else(|| {
            let chapter: Vec<_> = lessons
                .iter()
                .filter(|lesson| lesson.number.chapter == chapter)
                .collect();
            let offered = if chapter.is_empty() {
                lessons.iter().collect()
            } else {
                chapter
            };
            NoSuchLesson(format!(
                "no lesson has the number {wanted}. There are\n{}",
                names(&offered)
            ))
        });
    }
    let folded = wanted.to_lowercase().replace('-', "_");
    let matching: Vec<_> = lessons
        .iter()
        .filter(|lesson| lesson.name.starts_with(&folded))
        .collect();
    match matching[..] {
        [lesson] => Ok(lesson),
        [] => Err(NoSuchLesson(format!(
            "no lesson is called {wanted}. The nearest {}\n{}\n`cargo xtask list` shows them all.",
            if lessons.len() == 1 { "is" } else { "are" },
            names(&nearest(lessons, &folded)),
        ))),
        _ => matching
            .iter()
            .copied()
            .find(|lesson| lesson.name == folded)
            .ok_or_else(|| {
                NoSuchLesson(format!(
                    "several lessons begin with {wanted}:\n{}\nWrite enough of the name to tell them apart.",
                    names(&matching),
                ))
            }),
    }
}

/// `2.2`, `02.02` or `2/2`.
fn parse_number(text: &str) -> Option<(u32, u32)> {
    let (chapter, lesson) = text.split_once(['.', '/'])?;
    Some((chapter.parse().ok()?, lesson.parse().ok()?))
}

/// The lessons whose names are most like `wanted`, the most alike first.
fn nearest<'a>(lessons: &'a [Lesson], wanted: &str) -> Vec<&'a Lesson> {
    let mut scored: Vec<_> = lessons
        .iter()
        .map(|lesson| {
            let alike = strsim::jaro_winkler(&lesson.name, wanted);
            let within = lesson.name.contains(wanted);
            (lesson, if within { alike + 1.0 } else { alike })
        })
        .collect();
    scored.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    scored
        .into_iter()
        .take(NEAREST)
        .map(|(lesson, _)| lesson)
        .collect()
}

fn names(lessons: &[&Lesson]) -> String {
    let lines: Vec<_> = lessons
        .iter()
        .map(|lesson| format!("  {:<5} {}", lesson.number.to_string(), lesson.name))
        .collect();
    lines.join("\n")
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::workspace::{About, Number};

    /// A workspace of lessons with these names, three to a chapter.
    pub fn workspace(names: &[&str]) -> Workspace {
        let lessons = names.iter().zip(0..).map(|(name, i)| Lesson {
            name: (*name).to_owned(),
            number: Number {
                chapter: 1 + i / 3,
                lesson: 1 + i % 3,
            },
            chapter: "Goroutines and wait groups".into(),
            about: About {
                title: format!("The {name}"),
                ..About::default()
            },
            exercise: format!("exercises/0{}_chapter/0{}_{name}", 1 + i / 3, 1 + i % 3).into(),
            solution: format!("solutions/0{}_chapter/0{}_{name}", 1 + i / 3, 1 + i % 3).into(),
        });
        Workspace {
            root: "/nowhere".into(),
            lessons: lessons.collect(),
        }
    }

    const NAMES: [&str; 5] = [
        "bank_account",
        "publication",
        "parallel_sum",
        "wait_group",
        "wait_group_context",
    ];

    fn found(wanted: &str) -> String {
        match lesson(&workspace(&NAMES), wanted) {
            Ok(lesson) => lesson.name.clone(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_lesson_goes_by_name_number_or_unique_prefix() {
        assert_eq!(
            found("wait_group"),
            "wait_group",
            "a whole name wins over a longer one"
        );
        assert_eq!(found("2.1"), "wait_group");
        assert_eq!(found("02.02"), "wait_group_context");
        assert_eq!(found("pub"), "publication");
        assert_eq!(found("Bank-Account"), "bank_account");
        assert_eq!(found("wait-group"), "wait_group");
    }

    #[test]
    fn an_ambiguous_prefix_lists_the_candidates() {
        let text = found("wait");
        assert!(
            text.contains("2.1   wait_group\n") && text.contains("2.2   wait_group_context\n"),
            "{text}"
        );
        assert!(!text.contains("bank_account"), "{text}");
    }

    #[test]
    fn a_wrong_name_gets_the_nearest_ones() {
        let text = found("waitgrp");
        let first = text.lines().nth(1).expect("names follow");
        assert!(first.ends_with("wait_group"), "{text}");
        let text = found("sum");
        assert!(
            text.lines()
                .nth(1)
                .is_some_and(|line| line.ends_with("parallel_sum")),
            "{text}"
        );
    }

    #[test]
    fn a_wrong_number_lists_its_chapter() {
        let text = found("2.9");
        assert!(
            text.contains("wait_group") && !text.contains("bank_account"),
            "{text}"
        );
    }
}
