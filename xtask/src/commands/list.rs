//! `cargo xtask list`: the chapters, the lessons, and how far the learner is.

use std::fmt::Write;

use anyhow::Result;
use serde::Serialize;

use super::test::{Judged, say_that_nextest_is_missing};
use super::{Exit, Row, lines};
use crate::progress::{Progress, State, Store};
use crate::run::Setup;
use crate::style::{self, BAD, FAINT, GOOD, Marks, OPEN, STRONG, note, paint, shorten, width};
use crate::workspace::{Lesson, Workspace};

/// How to list.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// For programs.
    pub json: bool,
    /// Run every lesson that looks begun, so that the progress is derived from the code alone.
    pub check: bool,
}

/// The list for programs. A field may be added; one that changes its meaning raises `version`.
#[derive(Debug, Serialize)]
struct Listing {
    version: u32,
    /// The name of the lesson that `next` runs.
    current: Option<String>,
    done: usize,
    total: usize,
    lessons: Vec<Entry>,
}

#[derive(Debug, Serialize)]
struct Entry {
    number: String,
    name: String,
    title: String,
    chapter: String,
    description: String,
    go: String,
    concepts: Vec<String>,
    minutes: u32,
    state: State,
    /// When it passed last, in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    passed_at: Option<String>,
    hints_shown: usize,
    file: String,
    readme: String,
}

/// Prints the list.
pub fn run(workspace: &Workspace, options: Options) -> Result<Exit> {
    let mut store = Store::open(workspace)?;
    if options.check {
        check(workspace, &mut store)?;
    }
    let listing = Listing::new(workspace, &store.progress)?;
    if options.json {
        style::print(&format!("{}\n", serde_json::to_string_pretty(&listing)?));
    } else {
        style::print(&listing.render(Marks::of_locale()));
    }
    Ok(Exit::Success)
}

/// The lessons as the rows of a list, each with its place among all.
///
/// # Errors
///
/// A lesson's sources cannot be read.
pub fn rows(workspace: &Workspace, progress: &Progress, marks: Marks) -> Result<Vec<Row>> {
    Ok(Listing::new(workspace, progress)?.rows(marks))
}

/// Runs every lesson whose file is not the stub, and notes what came of it.
fn check(workspace: &Workspace, store: &mut Store) -> Result<()> {
    let setup = Setup::new()?;
    if !setup.nextest {
        say_that_nextest_is_missing();
    }
    for lesson in &workspace.lessons {
        match store.progress.state(workspace, lesson)? {
            State::NotBegun => continue,
            State::Swapped => {
                say(lesson, "is the reference");
                continue;
            }
            State::Done | State::Changed | State::Attempted => {}
        }
        let mut judged = Judged::new(&setup, workspace, store, lesson, None)?;
        if let Some(error) = judged.not_noted.take() {
            return Err(error);
        }
        let word = if judged.passes() {
            "passes"
        } else if judged.result.is_err() {
            "does not compile"
        } else {
            "does not pass yet"
        };
        say(lesson, word);
    }
    Ok(())
}

fn say(lesson: &Lesson, word: &str) {
    note(&format!(
        " {:<5} {} {word}",
        lesson.number.to_string(),
        lesson.name
    ));
}

impl Listing {
    fn new(workspace: &Workspace, progress: &Progress) -> Result<Self> {
        let mut lessons = Vec::with_capacity(workspace.lessons.len());
        for lesson in &workspace.lessons {
            let record = progress.of(lesson);
            lessons.push(Entry {
                number: lesson.number.to_string(),
                name: lesson.name.clone(),
                title: lesson.about.title.clone(),
                chapter: lesson.chapter.clone(),
                description: lesson.about.description.clone(),
                go: lesson.about.go.clone(),
                concepts: lesson.about.concepts.clone(),
                minutes: lesson.about.minutes,
                state: progress.state(workspace, lesson)?,
                passed_at: record.and_then(|record| Some(record.passed.as_ref()?.at.clone())),
                hints_shown: record.map_or(0, |record| record.hints),
                file: lesson.file().display().to_string(),
                readme: lesson.readme().display().to_string(),
            });
        }
        let current = lessons
            .iter()
            .find(|entry| entry.state != State::Done)
            .map(|entry| entry.name.clone());
        let done = lessons
            .iter()
            .filter(|entry| entry.state == State::Done)
            .count();
        Ok(Self {
            version: 1,
            current,
            done,
            total: lessons.len(),
            lessons,
        })
    }

    fn render(&self, marks: Marks) -> String {
        let mut page = lines(&self.rows(marks));
        let gap = if self.lessons.is_empty() { "" } else { "\n" };
        let _ = write!(page, "{gap} {} of {} done", self.done, self.total);
        let _ = match &self.current {
            Some(current) => writeln!(page, ". The next is {current}: cargo xtask next"),
            None => writeln!(page, "."),
        };
        let swapped: Vec<_> = self
            .lessons
            .iter()
            .filter(|entry| entry.state == State::Swapped)
            .map(|entry| entry.name.as_str())
            .collect();
        if let Some(first) = swapped.first() {
            let lesson = if swapped.len() == 1 { first } else { "LESSON" };
            let _ = writeln!(
                page,
                " {} Swapped: `cargo xtask restore {lesson}` brings yours back.",
                paint(OPEN, marks.swapped)
            );
        }
        page
    }

    fn rows(&self, marks: Marks) -> Vec<Row> {
        let mut rows = Vec::new();
        let row = |text, chooses| Row { text, chooses };
        let names = self
            .lessons
            .iter()
            .map(|entry| entry.name.len())
            .max()
            .unwrap_or_default();
        let mut chapter = None;
        for (i, entry) in self.lessons.iter().enumerate() {
            if chapter != Some(&entry.chapter) {
                if chapter.is_some() {
                    rows.push(row(String::new(), None));
                }
                let number = entry.number.split('.').next().unwrap_or_default();
                let title = paint(STRONG, format!("{number}  {}", entry.chapter));
                rows.push(row(format!(" {title}"), None));
                chapter = Some(&entry.chapter);
            }
            let (mark, style, state) = match entry.state {
                State::Done => (marks.good, GOOD, "done"),
                State::Changed => (marks.changed, OPEN, "changed since it passed"),
                State::Swapped => (marks.swapped, OPEN, "swapped"),
                State::Attempted => (marks.bad, BAD, "begun"),
                State::NotBegun => (marks.open, FAINT, ""),
            };
            let here = if self.current.as_ref() == Some(&entry.name) {
                marks.here
            } else {
                " "
            };
            let room = width()
                .saturating_sub(12 + names + if state.is_empty() { 0 } else { state.len() + 3 });
            let title = shorten(&entry.title, room, marks);
            let state = if state.is_empty() {
                String::new()
            } else {
                format!(" {} {}", paint(FAINT, marks.dot), paint(style, state))
            };
            let text = format!(
                " {here} {:<5} {} {:<names$}  {title}{state}",
                entry.number,
                paint(style, mark),
                entry.name,
            );
            rows.push(row(text, Some(i)));
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::style::UNICODE;

    #[test]
    fn a_list_shows_chapters_states_and_the_current_lesson() {
        let entry = |number: &str, name: &str, chapter: &str, state| Entry {
            number: number.into(),
            name: name.into(),
            title: format!("The title of {name}"),
            chapter: chapter.into(),
            description: String::new(),
            go: String::new(),
            concepts: Vec::new(),
            minutes: 45,
            state,
            passed_at: None,
            hints_shown: 0,
            file: String::new(),
            readme: String::new(),
        };
        let listing = Listing {
            version: 1,
            current: Some("publication".into()),
            done: 1,
            total: 5,
            lessons: vec![
                entry("1.3", "bank_account", "Fundamentals", State::Done),
                entry("1.4", "publication", "Fundamentals", State::Changed),
                entry(
                    "2.2",
                    "wait_group",
                    "Goroutines and wait groups",
                    State::Attempted,
                ),
                entry(
                    "2.10",
                    "errgroup",
                    "Goroutines and wait groups",
                    State::NotBegun,
                ),
                entry(
                    "2.11",
                    "semaphore",
                    "Goroutines and wait groups",
                    State::Swapped,
                ),
            ],
        };
        let page = anstream::adapter::strip_str(&listing.render(UNICODE)).to_string();
        insta::assert_snapshot!("list", page);
    }
}
