//! `cargo xtask new CHAPTER NAME`: a lesson to be written.

use anyhow::Result;

use super::Exit;
use crate::course::Workspace;
use crate::scaffold::{self, Request};
use crate::term::{self, Marks};
use crate::view::{LessonPage, paragraph, row};

/// Lays out the lesson and says what to do with it.
pub fn run(workspace: &Workspace, request: &Request) -> Result<Exit> {
    let lesson = scaffold::lay_out(workspace, request)?;
    let mut text = LessonPage::of(workspace, &lesson, Marks::of_locale()).begin();
    let name = &lesson.name;
    paragraph(
        &mut text,
        "It builds. `To be written` marks what is missing, and as long as the manifest says so too, learners do not \
         meet the lesson. README.md, \"Contributing\", says in which order to go on.",
    );
    text.push('\n');
    row(&mut text, "Edit", lesson.exercise.display());
    row(&mut text, "", lesson.solution.display());
    row(&mut text, "Then", format!("cargo xtask verify {name}"));
    term::print(&text);
    Ok(Exit::Success)
}
