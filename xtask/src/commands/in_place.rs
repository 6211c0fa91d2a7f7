//! `cargo xtask swap [LESSON]` and `reset [LESSON]`: a text that came with the lesson takes the place of the learner's
//! file.

use std::fmt::Write;

use anyhow::Result;

use super::Exit;
use crate::course::Workspace;
use crate::learner::lesson_file::LessonFile;
use crate::learner::versions::Why;
use crate::term::{self, FAINT, Marks, OPEN, paint};
use crate::view::{LessonPage, paragraph, row};

/// A text that came with the lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// The solution's.
    Reference,
    /// The file as it was at first.
    Stub,
}

impl Text {
    /// Puts it in place of the file of the lesson that goes by `wanted`, or of the current one.
    pub fn put(self, workspace: &Workspace, wanted: Option<&str>) -> Result<Exit> {
        let (mut store, lesson) = super::open(workspace, wanted)?;
        let Some(lesson) = lesson else {
            let command = match self {
                Text::Reference => "swap",
                Text::Stub => "reset",
            };
            term::print(&format!(
                " Every lesson is done. Name the one that is meant: cargo xtask {command} LESSON\n"
            ));
            return Ok(Exit::Success);
        };
        let mut file = LessonFile::open(workspace, &store, lesson)?;
        let (content, why) = match self {
            Text::Reference => (file.reference()?, Why::Swap),
            Text::Stub => (file.stub()?, Why::Reset),
        };
        let kept = if file.content()?.as_ref() == Some(&content) {
            None
        } else {
            Some(file.replace(&content, why)?.text())
        };
        let page = self.page(workspace, &file, kept.as_deref())?;
        store.mark_swapped(lesson, self == Text::Reference)?;
        term::print(&page);
        Ok(Exit::Success)
    }

    /// What is said in the end; `kept` tells what became of the learner's file, if anything did.
    fn page(
        self,
        workspace: &Workspace,
        file: &LessonFile<'_>,
        kept: Option<&str>,
    ) -> Result<String> {
        let lesson = file.lesson;
        let marks = Marks::of_locale();
        let name = &lesson.name;
        let (mark, text, todo) = match self {
            Text::Reference => (paint(OPEN, marks.swapped), "reference", "Read"),
            Text::Stub => (paint(FAINT, marks.open), "stub", "Edit"),
        };
        let mut page = LessonPage::of(workspace, lesson, marks).begin();
        let _ = match kept {
            Some(_) => writeln!(page, " {mark} The {text} is in place of your file."),
            None => writeln!(page, " {mark} The {text} is in place already: nothing was changed."),
        };
        paragraph(&mut page, kept.unwrap_or_default());
        page.push('\n');
        row(&mut page, todo, lesson.file().display());
        if file.newest_of_learner()?.is_some() {
            row(&mut page, "Back", format!("cargo xtask restore {name}"));
        } else if self == Text::Reference {
            // There was no file, or the learner put the reference there without the runner.
            row(&mut page, "Stub", format!("cargo xtask reset {name}"));
        }
        Ok(page)
    }
}
