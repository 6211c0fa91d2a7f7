//! Which lesson is meant: by name, by number, or by the beginning of a name. Which of its mistakes: by name or
//! beginning. Which of its models: by a part of the name.

use std::fmt;
use std::path::Path;

use crate::course::{Lesson, Workspace};

/// How many names are offered in place of a wrong one.
const NEAREST: usize = 3;

/// Nothing, or too much, goes by the name that was given. Its text is for the user.
#[derive(Debug, PartialEq, Eq)]
pub struct NoSuchName(pub String);

impl fmt::Display for NoSuchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoSuchName {}

/// The lesson that `wanted` names.
///
/// # Errors
///
/// No lesson is called that, or several begin like that.
pub fn lesson<'a>(workspace: &'a Workspace, wanted: &str) -> Result<&'a Lesson, NoSuchName> {
    let lessons = &workspace.lessons;
    // Nobody comes upon a lesson that is to be written; its author names it in full.
    let mut by_author = workspace.to_be_written.iter();
    let by_author = by_author.find(|one| one.name == wanted || one.number.to_string() == wanted);
    let by_name_in_full = || lessons.iter().find(|lesson| lesson.name == wanted);
    if let Some(lesson) = by_author.or_else(by_name_in_full) {
        return Ok(lesson);
    }
    if let Some((chapter, number)) = parse_number(wanted) {
        let is_in = |one: &&Lesson| one.number.chapter == chapter;
        let in_chapter: Vec<_> = lessons.iter().filter(is_in).collect();
        let found = in_chapter.iter().find(|one| one.number.lesson == number);
        return found.copied().ok_or_else(|| {
            let offered = match in_chapter.is_empty() {
                true => lessons.iter().collect(),
                false => in_chapter.clone(),
            };
            NoSuchName(format!("no lesson has the number {wanted}. There are\n{}", names(&offered)))
        });
    }
    match by_name(lessons, |lesson| &lesson.name, wanted, BEGINS) {
        Found::One(lesson) => Ok(lesson),
        Found::Several(several) => Err(several_begin("lessons", wanted, &names(&several))),
        Found::Nearest(nearest) => by_path(workspace, wanted).ok_or_else(|| NoSuchName(format!(
            "no lesson is called {wanted}. The nearest {}\n{}\n`cargo xtask list` shows them all.",
            is_or_are(&nearest),
            names(&nearest),
        ))),
    }
}

/// The lessons that these name, in this order.
pub fn lessons<'a>(
    workspace: &'a Workspace,
    wanted: &[String],
) -> Result<Vec<&'a Lesson>, NoSuchName> {
    let named = wanted.iter().map(|wanted| lesson(workspace, wanted));
    named.collect()
}

/// The lesson that a path leads to or into, from the current folder; or the one whose folder it names.
fn by_path<'a>(workspace: &'a Workspace, wanted: &str) -> Option<&'a Lesson> {
    let all = || workspace.lessons.iter().chain(&workspace.to_be_written);
    let root = workspace.root.canonicalize().ok();
    let there = Path::new(wanted).canonicalize().ok();
    let from_root = there.as_deref().zip(root.as_deref());
    let from_root = from_root.and_then(|(there, root)| there.strip_prefix(root).ok());
    let leads_to = |lesson: &&Lesson| {
        let is_in =
            |path: &Path| path.starts_with(&lesson.exercise) || path.starts_with(&lesson.solution);
        from_root.is_some_and(is_in)
    };
    let names = |lesson: &&Lesson| {
        let folder = lesson.exercise.file_name();
        let mut parts = Path::new(wanted).components();
        parts.any(|part| Some(part.as_os_str()) == folder)
    };
    all().find(leads_to).or_else(|| all().find(names))
}

/// The one of the `mistakes` in `lesson`, which have these names, that `wanted` names.
///
/// # Errors
///
/// No mistake is called that, or several begin like that.
pub fn mistake<'a, T>(
    lesson: &Lesson,
    mistakes: &'a [T],
    name: impl Fn(&T) -> &str,
    wanted: &str,
) -> Result<&'a T, NoSuchName> {
    let names = |mistakes: &[&T]| indented(mistakes.iter().map(|mistake| name(mistake)));
    match by_name(mistakes, &name, wanted, BEGINS) {
        Found::One(mistake) => Ok(mistake),
        Found::Several(several) => Err(several_begin("mistakes", wanted, &names(&several))),
        Found::Nearest(nearest) if nearest.is_empty() => Err(has_none(lesson, "mistakes")),
        Found::Nearest(nearest) => Err(NoSuchName(format!(
            "no mistake in {} is called {wanted}. The nearest {}\n{}\n\
             `cargo xtask break {}` shows them all.",
            lesson.name,
            is_or_are(&nearest),
            names(&nearest),
            lesson.name,
        ))),
    }
}

/// The one of the `models` in `lesson` that `wanted` names: all of a name or a part of it.
///
/// # Errors
///
/// No model is called that, or several have that in their names.
pub fn model<'a>(
    lesson: &Lesson,
    models: &'a [String],
    wanted: &str,
) -> Result<&'a str, NoSuchName> {
    let names = |models: &[&String]| indented(models.iter());
    // A list of tests has the heading too.
    let part = wanted.strip_prefix("race_freedom::").unwrap_or(wanted);
    match by_name(models, String::as_str, part, HAS) {
        Found::One(model) => Ok(model),
        Found::Several(several) => Err(NoSuchName(format!(
            "several race-freedom tests of {} have {wanted} in their names:\n{}\n\
             Write enough of the name to tell them apart.",
            lesson.name,
            names(&several)
        ))),
        Found::Nearest(nearest) if nearest.is_empty() => {
            Err(has_none(lesson, "race-freedom tests"))
        }
        Found::Nearest(nearest) => Err(NoSuchName(format!(
            "no race-freedom test of {} has {wanted} in its name. The nearest {}\n{}\n\
             `cargo xtask dry-run {}` shows one, and lists the others.",
            lesson.name,
            is_or_are(&nearest),
            names(&nearest),
            lesson.name,
        ))),
    }
}

fn has_none(lesson: &Lesson, things: &str) -> NoSuchName {
    let (name, readme) = (&lesson.name, lesson.readme());
    NoSuchName(format!("{name} has no {things}. Its text: {}", readme.display()))
}

fn several_begin(things: &str, wanted: &str, names: &str) -> NoSuchName {
    NoSuchName(format!(
        "several {things} begin with {wanted}:\n{names}\nWrite enough of the name to tell them apart."
    ))
}

fn is_or_are<T>(things: &[T]) -> &'static str {
    if things.len() == 1 { "is" } else { "are" }
}

/// How a word may name something without being all of its name.
const BEGINS: fn(&str, &str) -> bool = |name, word| name.starts_with(word);
const HAS: fn(&str, &str) -> bool = |name, word| name.contains(word);

/// What goes by a name.
enum Found<'a, T> {
    /// This, by its name or as the only one that matches.
    One(&'a T),
    /// These match.
    Several(Vec<&'a T>),
    /// Nothing; these are the most alike, the most alike first.
    Nearest(Vec<&'a T>),
}

/// Looks for `wanted` among names, which have small letters and `_`: a whole name wins over others that match.
fn by_name<'a, T>(
    all: &'a [T],
    name: impl Fn(&T) -> &str,
    wanted: &str,
    matches: fn(&str, &str) -> bool,
) -> Found<'a, T> {
    let folded = wanted.to_lowercase().replace('-', "_");
    let matching = all.iter().filter(|one| matches(name(one), &folded));
    let matching: Vec<_> = matching.collect();
    let whole = matching.iter().find(|one| name(one) == folded);
    match (whole, &matching[..]) {
        (Some(one), _) | (None, [one]) => Found::One(one),
        (None, []) => Found::Nearest(nearest(all, name, &folded)),
        (None, _) => Found::Several(matching),
    }
}

/// `2.2`, `02.02` or `2/2`.
fn parse_number(text: &str) -> Option<(u32, u32)> {
    let (chapter, lesson) = text.split_once(['.', '/'])?;
    Some((chapter.parse().ok()?, lesson.parse().ok()?))
}

/// What has the names most like `wanted`, the most alike first.
fn nearest<'a, T>(all: &'a [T], name: impl Fn(&T) -> &str, wanted: &str) -> Vec<&'a T> {
    let score = |one: &T| {
        let within = name(one).contains(wanted);
        strsim::jaro_winkler(name(one), wanted) + if within { 1.0 } else { 0.0 }
    };
    let mut nearest: Vec<_> = all.iter().collect();
    nearest.sort_by(|a, b| score(b).total_cmp(&score(a)));
    nearest.truncate(NEAREST);
    nearest
}

fn names(lessons: &[&Lesson]) -> String {
    let line = |lesson: &&Lesson| format!("{:<5} {}", lesson.number.to_string(), lesson.name);
    indented(lessons.iter().map(line))
}

fn indented(lines: impl Iterator<Item = impl fmt::Display>) -> String {
    let lines: Vec<_> = lines.map(|line| format!("  {line}")).collect();
    lines.join("\n")
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::course::workspace::{About, Number};

    /// A workspace of lessons with these names, three to a chapter.
    pub fn workspace(names: &[&str]) -> Workspace {
        let lessons = names.iter().zip(0..).map(|(name, i)| Lesson {
            name: (*name).to_owned(),
            number: Number { chapter: 1 + i / 3, lesson: 1 + i % 3 },
            chapter: "Goroutines and wait groups".into(),
            about: About { title: format!("The {name}"), ..About::default() },
            exercise: format!("exercises/0{}_chapter/0{}_{name}", 1 + i / 3, 1 + i % 3).into(),
            solution: format!("solutions/0{}_chapter/0{}_{name}", 1 + i / 3, 1 + i % 3).into(),
        });
        Workspace {
            root: "/nowhere".into(),
            lessons: lessons.collect(),
            to_be_written: Vec::new(),
            problems: Vec::new(),
        }
    }

    const NAMES: [&str; 5] =
        ["bank_account", "publication", "parallel_sum", "wait_group", "wait_group_context"];

    fn found(wanted: &str) -> String {
        match lesson(&workspace(&NAMES), wanted) {
            Ok(lesson) => lesson.name.clone(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_lesson_goes_by_name_number_or_unique_prefix() {
        // A whole name wins over a longer one.
        assert_eq!(found("wait_group"), "wait_group");
        assert_eq!(found("2.1"), "wait_group");
        assert_eq!(found("02.02"), "wait_group_context");
        assert_eq!(found("pub"), "publication");
        assert_eq!(found("Bank-Account"), "bank_account");
        assert_eq!(found("wait-group"), "wait_group");
    }

    #[test]
    fn an_ambiguous_prefix_lists_the_candidates() {
        let text = found("wait");
        let both = "  2.1   wait_group\n  2.2   wait_group_context\n";
        assert!(text.contains(both), "{text}");
        assert!(!text.contains("bank_account"), "{text}");
    }

    #[test]
    fn a_wrong_name_gets_the_nearest_ones() {
        let text = found("waitgrp");
        let first = text.lines().nth(1).expect("names follow");
        assert!(first.ends_with("wait_group"), "{text}");
        let text = found("sum");
        let first = text.lines().nth(1).expect("names follow");
        assert!(first.ends_with("parallel_sum"), "{text}");
    }

    #[test]
    fn a_wrong_number_lists_its_chapter() {
        let text = found("2.9");
        let [shown, other] = ["wait_group", "bank_account"].map(|name| text.contains(name));
        assert!(shown && !other, "{text}");
    }

    #[test]
    fn a_mistake_goes_by_name_or_unique_prefix() {
        let mistakes = ["notify_one", "notify_one_late", "polls"];
        let workspace = workspace(&NAMES);
        let found = |wanted| match mistake(&workspace.lessons[3], &mistakes, |name| name, wanted) {
            Ok(name) => (*name).to_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found("notify_one"), "notify_one");
        assert_eq!(found("Notify-One-L"), "notify_one_late");
        assert_eq!(found("p"), "polls");
        assert!(found("not").starts_with("several mistakes begin with not:\n  notify_one\n"));
        let nearest = found("pols");
        assert!(nearest.contains("are\n  polls\n"), "{nearest}");
        let all = "`cargo xtask break wait_group` shows";
        assert!(nearest.contains(all), "{nearest}");
    }

    #[test]
    fn a_model_goes_by_any_part_of_its_name() {
        let models = ["wait_returns", "every_waiter_wakes", "wait_returns_late"];
        let models = models.map(str::to_owned);
        let workspace = workspace(&NAMES);
        let found = |wanted| match model(&workspace.lessons[3], &models, wanted) {
            Ok(model) => model.to_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found("waiter"), "every_waiter_wakes");
        assert_eq!(found("Wait-Returns"), "wait_returns");
        assert_eq!(found("race_freedom::wait_returns_l"), "wait_returns_late");
        let several = found("returns");
        let both = "names:\n  wait_returns\n  wait_returns_late\n";
        assert!(several.contains(both), "{several}");
        let nearest = found("evry_waiter");
        let first = "The nearest are\n  every_waiter_wakes\n";
        assert!(nearest.contains(first), "{nearest}");
        let all = "`cargo xtask dry-run wait_group` shows";
        assert!(nearest.contains(all), "{nearest}");
        let none = model(&workspace.lessons[3], &[], "x").expect_err("none");
        assert!(none.0.contains("has no race-freedom tests"), "{none}");
    }
}
