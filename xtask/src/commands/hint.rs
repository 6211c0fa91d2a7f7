//! `cargo xtask hint [LESSON] [--all]`: one hint more, or all of them.

use std::fs;

use anyhow::{Context, Result};

use super::Exit;
use crate::course::{Lesson, Workspace};
use crate::learner::progress::{Progress, Store};
use crate::term::{self, STRONG, paint};

/// A hint: its heading and its text.
#[derive(Debug, PartialEq, Eq)]
pub struct Hint {
    /// What stands after `## `.
    pub title: String,
    /// The Markdown below it.
    pub text: String,
}

/// The hints of a `HINTS.md`, a `## ` heading each, from a nudge to nearly the code.
pub fn parse(markdown: &str) -> Vec<Hint> {
    let mut hints: Vec<Hint> = Vec::new();
    let mut in_code = false;
    for line in markdown.lines() {
        in_code ^= line.trim_start().starts_with("```");
        if let Some(title) = line.strip_prefix("## ").filter(|_| !in_code) {
            hints.push(Hint {
                title: title.trim().to_owned(),
                text: String::new(),
            });
        } else if let Some(hint) = hints.last_mut() {
            hint.text.push_str(line);
            hint.text.push('\n');
        }
    }
    for hint in &mut hints {
        hint.text = hint.text.trim().to_owned();
    }
    hints
}

/// Prints the next hint of the lesson, and remembers that it did.
pub fn run(workspace: &Workspace, wanted: Option<&str>, all: bool) -> Result<Exit> {
    let (mut store, lesson) = super::open(workspace, wanted)?;
    let Some(lesson) = lesson else {
        term::print(" Every lesson is done. For the hints of one: cargo xtask hint LESSON\n");
        return Ok(Exit::Success);
    };
    let hints = read(workspace, lesson)?;
    if hints.is_empty() {
        term::print(&none(lesson));
        return Ok(Exit::Success);
    }
    if all {
        let pages = hints
            .iter()
            .zip(1..)
            .map(|(hint, n)| render(hint, n, hints.len()));
        term::print(&pages.collect::<String>());
        return Ok(Exit::Success);
    }
    let n = next(&hints, &store.progress, lesson);
    let again = if wanted.is_some() {
        format!(" {}", lesson.name)
    } else {
        String::new()
    };
    let left = match hints.len() - n {
        0 => format!(" That was the last one. All of them again: cargo xtask hint{again} --all\n"),
        1 => format!(" One more: cargo xtask hint{again}\n"),
        left => format!(" {left} more: cargo xtask hint{again}\n"),
    };
    term::print(&(render(&hints[n - 1], n, hints.len()) + &left));
    remember(&mut store, lesson, n)?;
    Ok(Exit::Success)
}

/// The hints of a lesson.
///
/// # Errors
///
/// Their file cannot be read.
pub fn read(workspace: &Workspace, lesson: &Lesson) -> Result<Vec<Hint>> {
    let markdown = fs::read_to_string(workspace.path(lesson.hints())).with_context(|| {
        format!(
            "cannot read {}: `git checkout` brings it back",
            lesson.hints().display()
        )
    })?;
    Ok(parse(&markdown))
}

/// The number of the hint to show, from 1: the first that was not shown yet, or the last once more.
pub fn next(hints: &[Hint], progress: &Progress, lesson: &Lesson) -> usize {
    let shown = progress.of(lesson).map_or(0, |record| record.hints);
    (shown + 1).min(hints.len())
}

/// Remembers that the first `n` hints of the lesson were shown.
///
/// # Errors
///
/// The progress cannot be written.
pub fn remember(store: &mut Store, lesson: &Lesson, n: usize) -> Result<()> {
    let record = store.progress.of_mut(lesson);
    if record.hints < n {
        record.hints = n;
        store.save()?;
    }
    Ok(())
}

/// Where there is nothing to show.
pub fn none(lesson: &Lesson) -> String {
    format!(
        " {} has no hints. Its text: {}\n",
        lesson.name,
        lesson.readme().display()
    )
}

/// A hint for the eye. Its text is Markdown and stays so: it reads well, and it can be copied.
pub fn render(hint: &Hint, n: usize, of: usize) -> String {
    // `Hint 1`, `Hint 1: the counter`, or a title without a number.
    let title = hint
        .title
        .strip_prefix("Hint ")
        .map_or(hint.title.as_str(), |rest| {
            rest.trim_start_matches(|c: char| c.is_ascii_digit())
                .trim_start_matches([':', '.', ' '])
        });
    let title = if title.is_empty() {
        String::new()
    } else {
        format!(": {title}")
    };
    let mut page = format!(" {}\n\n", paint(STRONG, format!("Hint {n} of {of}{title}")));
    for line in hint.text.lines() {
        page += &format!("{}{line}\n", if line.is_empty() { "" } else { " " });
    }
    page.push('\n');
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_stand_under_headings_of_the_second_level() {
        let hints = parse(
            "# Hints\n\nintro\n\n## Hint 1\n\nLook.\n\n```rust\n## not a heading\n```\n\n## Hint 2: code\nType.\n",
        );
        assert_eq!(hints.len(), 2);
        assert_eq!(hints[0].title, "Hint 1");
        assert_eq!(hints[0].text, "Look.\n\n```rust\n## not a heading\n```");
        assert_eq!(
            hints[1],
            Hint {
                title: "Hint 2: code".into(),
                text: "Type.".into()
            }
        );
    }
}
