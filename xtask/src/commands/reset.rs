//! `cargo xtask reset [LESSON]`: the stub in place of the learner's file.

use std::fmt::Write;

use anyhow::Result;

use super::Exit;
use crate::lesson_file::LessonFile;
use crate::render::{Page, paragraph, row};
use crate::style::{self, FAINT, Marks, paint};
use crate::versions::Why;
use crate::workspace::Workspace;

/// Puts the stub in place of the file.
pub fn run(workspace: &Workspace, wanted: Option<&str>) -> Result<Exit> {
    let (store, lesson) = super::open(workspace, wanted)?;
    let Some(lesson) = lesson else {
        style::print(" Every lesson is done. To begin one anew: cargo xtask reset LESSON\n");
        return Ok(Exit::Success);
    };
    let mut file = LessonFile::open(workspace, &store, lesson)?;
    let stub = file.stub()?;
    let replaced = if file.content()?.as_ref() == Some(&stub) {
        None
    } else {
        Some(file.replace(&stub, Why::Reset)?)
    };
    let marks = Marks::of_locale();
    let mut page = Page::of(workspace, lesson, marks).header();
    page.push('\n');
    let mark = paint(FAINT, marks.open);
    if let Some(replaced) = &replaced {
        let _ = writeln!(page, " {mark} The stub is in place of your file.");
        paragraph(&mut page, &replaced.text());
    } else {
        let _ = writeln!(
            page,
            " {mark} The stub is in place already: nothing was changed."
        );
    }
    page.push('\n');
    row(&mut page, "Edit", lesson.file().display());
    if file.newest_of_learner()?.is_some() {
        row(
            &mut page,
            "Back",
            format!("cargo xtask restore {}", lesson.name),
        );
    }
    style::print(&page);
    Ok(Exit::Success)
}
