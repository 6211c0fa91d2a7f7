//! `cargo xtask swap [LESSON]`: the reference in place of the learner's file.

use std::fmt::Write;

use anyhow::Result;

use super::Exit;
use crate::lesson_file::LessonFile;
use crate::render::{Page, paragraph, row};
use crate::style::{self, Marks, OPEN, paint};
use crate::versions::Why;
use crate::workspace::Workspace;

/// Puts the reference in place of the file.
pub fn run(workspace: &Workspace, wanted: Option<&str>) -> Result<Exit> {
    let (store, lesson) = super::open(workspace, wanted)?;
    let Some(lesson) = lesson else {
        style::print(" Every lesson is done. To swap one of them: cargo xtask swap LESSON\n");
        return Ok(Exit::Success);
    };
    let mut file = LessonFile::open(workspace, &store, lesson)?;
    let reference = file.reference()?;
    let replaced = if file.content()?.as_ref() == Some(&reference) {
        None
    } else {
        Some(file.replace(&reference, Why::Swap)?)
    };
    let marks = Marks::of_locale();
    let mut page = Page::of(workspace, lesson, marks).header();
    page.push('\n');
    let mark = paint(OPEN, marks.swapped);
    if let Some(replaced) = &replaced {
        let _ = writeln!(page, " {mark} The reference is in place of your file.");
        paragraph(&mut page, &replaced.text());
    } else {
        let _ = writeln!(
            page,
            " {mark} The reference is in place already: nothing was changed."
        );
    }
    page.push('\n');
    row(&mut page, "Read", lesson.file().display());
    if file.newest_of_learner()?.is_some() {
        row(
            &mut page,
            "Back",
            format!("cargo xtask restore {}", lesson.name),
        );
    } else {
        // There was no file, or the learner put the reference there without the runner.
        row(
            &mut page,
            "Stub",
            format!("cargo xtask reset {}", lesson.name),
        );
    }
    style::print(&page);
    Ok(Exit::Success)
}
