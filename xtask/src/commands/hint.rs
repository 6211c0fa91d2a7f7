//! `cargo xtask hint [LESSON] [--all]`: one hint more, or all of them.

use anyhow::Result;

use super::Exit;
use crate::course::hints::{self, Hint};
use crate::course::{Lesson, Workspace};
use crate::learner::progress::{Progress, Store};
use crate::term::{self, STRONG, paint};
use crate::view::markdown;

/// Prints the next hint of the lesson, and remembers that it did.
pub fn run(workspace: &Workspace, wanted: Option<&str>, all: bool) -> Result<Exit> {
    let (mut store, lesson) = super::open(workspace, wanted)?;
    let Some(lesson) = lesson else {
        term::print(" Every lesson is done. For the hints of one: cargo xtask hint LESSON\n");
        return Ok(Exit::Success);
    };
    let hints = hints::read(workspace, lesson)?;
    if hints.is_empty() {
        term::print(&none(lesson));
        return Ok(Exit::Success);
    }
    if all {
        let pages = hints.iter().zip(1..).map(|(hint, n)| render(hint, n, hints.len()));
        term::print(&pages.collect::<String>());
        return Ok(Exit::Success);
    }
    let n = next(&hints, &store.progress, lesson);
    let again = wanted.map_or_else(String::new, |_| format!(" {}", lesson.name));
    let left = match hints.len() - n {
        0 => format!(" That was the last one. All of them again: cargo xtask hint{again} --all\n"),
        1 => format!(" One more: cargo xtask hint{again}\n"),
        left => format!(" {left} more: cargo xtask hint{again}\n"),
    };
    term::print(&(render(&hints[n - 1], n, hints.len()) + &left));
    remember(&mut store, lesson, n)?;
    Ok(Exit::Success)
}

/// The number of the hint to show, from 1: the first that was not shown yet, or the last once more.
pub fn next(hints: &[Hint], progress: &Progress, lesson: &Lesson) -> usize {
    let shown = progress.of(lesson).map_or(0, |record| record.hints);
    (shown + 1).min(hints.len())
}

/// Remembers that the first `n` hints of the lesson were shown.
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
    format!(" {} has no hints. Its text: {}\n", lesson.name, lesson.readme().display())
}

/// A hint for the eye.
pub fn render(hint: &Hint, n: usize, of: usize) -> String {
    // `Hint 1`, `Hint 1: the counter`, or a title without a number.
    let title = hint.title.strip_prefix("Hint ").map_or(hint.title.as_str(), |rest| {
        rest.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches([':', '.', ' '])
    });
    let colon = if title.is_empty() { "" } else { ": " };
    let heading = paint(STRONG, format!("Hint {n} of {of}{colon}{title}"));
    format!(" {heading}\n\n{}\n", markdown(&hint.text))
}
