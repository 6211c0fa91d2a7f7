//! The chapters, the lessons, and how far the learner is.

use std::fmt::Write;

use anyhow::Result;
use serde::Serialize;

use crate::course::Workspace;
use crate::learner::progress::{Progress, State};
use crate::term::{BAD, FAINT, GOOD, Marks, OPEN, STRONG, columns, paint, shorten, width};
use crate::view::behind;

/// A line of a list, and what choosing it in `watch` chooses: its place among the lessons or mistakes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line, without its line break.
    pub text: String,
    /// `None` for headings and for what belongs to the row above.
    pub chooses: Option<usize>,
}

/// The rows as text.
pub fn lines(rows: &[Row]) -> String {
    rows.iter().map(|row| format!("{}\n", row.text)).collect()
}

/// How many columns a chapter's bar takes.
const BAR: usize = 10;

/// The list for programs. A field may be added; one that changes its meaning raises `version`.
#[derive(Debug, Serialize)]
pub struct Listing {
    version: u32,
    /// The name of the lesson that `next` runs.
    current: Option<String>,
    done: usize,
    total: usize,
    chapters: Vec<Chapter>,
    lessons: Vec<Entry>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Chapter {
    number: u32,
    title: String,
    done: usize,
    total: usize,
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

/// The lessons as the rows of a list, each with its place among all.
pub fn rows(workspace: &Workspace, progress: &Progress, marks: Marks) -> Result<Vec<Row>> {
    Ok(Listing::new(workspace, progress)?.rows(width(), marks))
}

impl Listing {
    /// How far the learner is with each lesson.
    pub fn new(workspace: &Workspace, progress: &Progress) -> Result<Self> {
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
        let is_done = |entry: &&Entry| entry.state == State::Done;
        let current = lessons.iter().find(|entry| !is_done(entry));
        Ok(Self {
            version: 1,
            current: current.map(|entry| entry.name.clone()),
            done: lessons.iter().filter(is_done).count(),
            total: lessons.len(),
            chapters: chapters(&lessons),
            lessons,
        })
    }

    /// The list for the eye.
    pub fn render(&self, width: usize, marks: Marks) -> String {
        let mut page = lines(&self.rows(width, marks));
        if !self.lessons.is_empty() {
            page.push('\n');
        }
        let mut sum = format!("{} of {} done.", self.done, self.total);
        if let Some(current) = &self.current {
            let _ = write!(sum, " The next is {current}: cargo\u{a0}xtask\u{a0}next");
        }
        behind(&mut page, " ", " ", &sum, width - 1);
        let swapped = |entry: &&Entry| entry.state == State::Swapped;
        let swapped: Vec<_> = self.lessons.iter().filter(swapped).collect();
        if let Some(first) = swapped.first() {
            let lesson = if swapped.len() == 1 { &first.name } else { "LESSON" };
            let said = format!("Swapped: `cargo xtask restore {lesson}` brings yours back.");
            let mark = format!(" {} ", paint(OPEN, marks.swapped));
            behind(&mut page, &mark, "   ", &said, width - 3);
        }
        page
    }

    fn rows(&self, width: usize, marks: Marks) -> Vec<Row> {
        let mut rows = Vec::new();
        let row = |text, chooses| Row { text, chooses };
        let names = self.lessons.iter().map(|entry| entry.name.len()).max();
        let names = names.unwrap_or_default();
        let mut chapter = None;
        for (i, entry) in self.lessons.iter().enumerate() {
            if chapter != Some(entry.chapter_number()) {
                if chapter.is_some() {
                    rows.push(row(String::new(), None));
                }
                chapter = Some(entry.chapter_number());
                let chapter = self.chapters.iter().find(|one| Some(one.number) == chapter);
                let heading =
                    chapter.map_or_else(String::new, |one| self.heading(one, width, marks));
                rows.push(row(heading, None));
            }
            let is_here = self.current.as_ref() == Some(&entry.name);
            let here = if is_here { marks.here } else { " " };
            let text = format!(" {here} {}", entry.line(names, width - 3, marks));
            rows.push(row(text, Some(i)));
        }
        rows
    }

    /// A chapter, with its bar. The bars of all chapters stand below each other, as far to the right as the
    /// longest title that fits needs.
    fn heading(&self, chapter: &Chapter, width: usize, marks: Marks) -> String {
        let title = |chapter: &Chapter| format!("{}  {}", chapter.number, chapter.title);
        let count = |chapter: &Chapter| format!("{} of {}", chapter.done, chapter.total);
        let widest = |text: &dyn Fn(&Chapter) -> String| {
            let all = self.chapters.iter().map(|chapter| columns(&text(chapter)));
            all.max().unwrap_or_default()
        };
        let room = width.saturating_sub(1 + 2 + BAR + 2 + widest(&count));
        let titles = widest(&title).min(room);
        let text = shorten(&title(chapter), titles, marks.more);
        let gap = " ".repeat(titles.saturating_sub(columns(&text)) + 2);
        // A bar is full only when all is done, and empty only when nothing is.
        let full = match chapter.done {
            0 => 0,
            done if done == chapter.total => BAR,
            done => (done * BAR / chapter.total).clamp(1, BAR - 1),
        };
        let [done, open] = marks.bar;
        format!(
            " {}{gap}{}{}  {}",
            paint(STRONG, text),
            paint(GOOD, done.repeat(full)),
            paint(FAINT, open.repeat(BAR - full)),
            count(chapter),
        )
    }
}

impl Entry {
    fn chapter_number(&self) -> u32 {
        let number = self.number.split('.').next();
        number.and_then(|it| it.parse().ok()).unwrap_or_default()
    }

    /// The lesson and how far it is, in `width` columns: first the title goes, then the end of the state.
    fn line(&self, names: usize, width: usize, marks: Marks) -> String {
        let (mark, style, state) = match self.state {
            State::Done => (marks.good, GOOD, "done"),
            State::Changed => (marks.changed, OPEN, "changed since it passed"),
            State::Swapped => (marks.swapped, OPEN, "swapped"),
            State::Attempted => (marks.bad, BAD, "begun"),
            State::NotBegun => (marks.open, FAINT, ""),
        };
        let Self { number, name, .. } = self;
        let start = format!("{number:<5} {} {name:<names$}", paint(style, mark));
        let room = width.saturating_sub(columns(&start) + 2);
        let of_state = match columns(state) {
            0 => 0,
            columns => columns + 3,
        };
        // A title of a few letters says nothing.
        let title = match room.saturating_sub(of_state) {
            0..10 => String::new(),
            room => shorten(&self.title, room, marks.more),
        };
        let dot = match title.is_empty() || state.is_empty() {
            true => String::new(),
            false => format!(" {} ", paint(FAINT, marks.dot)),
        };
        let state = shorten(state, room, marks.more);
        let state = match state.is_empty() {
            true => state,
            false => paint(style, state),
        };
        let line = format!("{start}  {title}{dot}{state}");
        line.trim_end().to_owned()
    }
}

/// The chapters that the lessons are in.
fn chapters(lessons: &[Entry]) -> Vec<Chapter> {
    let mut chapters: Vec<Chapter> = Vec::new();
    for entry in lessons {
        let number = entry.chapter_number();
        if chapters.last().is_none_or(|last| last.number != number) {
            chapters.push(Chapter { number, title: entry.chapter.clone(), done: 0, total: 0 });
        }
        if let Some(chapter) = chapters.last_mut() {
            chapter.total += 1;
            chapter.done += usize::from(entry.state == State::Done);
        }
    }
    chapters
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::{ASCII, UNICODE, plain};

    #[test]
    fn a_list_shows_chapters_states_and_the_current_lesson() {
        let entry = |number: &str, name: &str, state| Entry {
            number: number.into(),
            name: name.into(),
            title: format!("The title of {name}"),
            chapter: match &number[..1] {
                "1" => "Fundamentals".into(),
                _ => "Goroutines and wait groups".into(),
            },
            description: String::new(),
            go: String::new(),
            concepts: Vec::new(),
            minutes: 45,
            state,
            passed_at: Some(String::new()),
            hints_shown: 0,
            file: String::new(),
            readme: String::new(),
        };
        let lessons = vec![
            entry("1.3", "bank_account", State::Done),
            entry("1.4", "publication", State::Changed),
            entry("2.2", "wait_group", State::Attempted),
            entry("2.10", "errgroup", State::NotBegun),
            entry("2.11", "semaphore", State::Swapped),
        ];
        let listing = Listing {
            version: 1,
            current: Some("publication".into()),
            done: 1,
            total: 5,
            chapters: chapters(&lessons),
            lessons,
        };
        for (name, width, marks) in
            [("list", 80, UNICODE), ("list_40", 40, UNICODE), ("list_ascii", 40, ASCII)]
        {
            let page = plain(&listing.render(width, marks));
            assert!(page.lines().all(|line| columns(line) <= width), "{page}");
            assert!(marks != ASCII || page.is_ascii(), "{page}");
            insta::assert_snapshot!(name, page);
        }

        // The help says what each field means.
        let help = crate::help_of("list");
        let json = serde_json::to_string_pretty(&listing).expect("JSON");
        for key in crate::view::json::keys(&json) {
            let mut words = help.split(|c: char| !c.is_alphanumeric() && c != '_');
            assert!(words.any(|word| word == key), "{key}");
        }
    }
}
