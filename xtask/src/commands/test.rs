//! `cargo xtask test LESSON [FILTER]`: runs a lesson's tests and gives the verdict.

mod document;

use std::fs;

use anyhow::Result;

use super::Exit;
use crate::course::{Lesson, Workspace, lesson_tests, select};
use crate::learner::progress::{Progress, Store, fingerprint};
use crate::run::cargo::NotBuilt;
use crate::run::report_page::ReportPage;
use crate::run::{self, Filter, Run, Runner};
use crate::term::{self, Marks, OPEN, paint};
use crate::verdict::{Conclusion, Verdict, slips};
use crate::view::{LessonPage, json};

pub use document::{Document, ForPrograms};

/// Runs the lesson that goes by `wanted`.
pub fn run(
    runner: &Runner,
    wanted: &str,
    filter: Option<&Filter>,
    form: ForPrograms,
) -> Result<Exit> {
    let lesson = select::lesson(&runner.workspace, wanted)?;
    let mut store = Store::open(&runner.workspace)?;
    judge(runner, &mut store, lesson, filter, form)
}

/// Runs the tests of `lesson`, prints the verdict and notes what it means for the progress.
pub fn judge(
    runner: &Runner,
    store: &mut Store,
    lesson: &Lesson,
    filter: Option<&Filter>,
    ForPrograms { json }: ForPrograms,
) -> Result<Exit> {
    let mut runner = runner.clone();
    if json {
        // Who reads it has no terminal, whatever stdout is.
        runner.colour = false;
        runner.report = ReportPage::PLAIN;
    }
    let judged = Judged::new(&runner, store, lesson, filter)?;
    let text = if json {
        json::text(&Document::new(lesson, &judged))?
    } else {
        judged.page(&runner.workspace, &store.progress, lesson)?
    };
    term::print(&text);
    Ok(Exit::success_if(judged.passes()))
}

/// A lesson that was run and whose progress was noted.
pub struct Judged {
    /// The verdict, or what rustc says where it does not compile.
    pub result: Result<Verdict, NotBuilt>,
    /// Whether the reference was in place of the learner's file.
    pub swapped: bool,
    /// Whether the sources changed while the tests ran.
    pub edited_meanwhile: bool,
    /// Why what came of it could not be noted. The verdict is none the worse for it.
    pub not_noted: Option<anyhow::Error>,
}

impl Judged {
    /// Runs the tests of `lesson` and notes in the progress what came of it.
    pub fn new(
        runner: &Runner,
        store: &mut Store,
        lesson: &Lesson,
        filter: Option<&Filter>,
    ) -> Result<Self> {
        let workspace = &*runner.workspace;
        let source = fingerprint(workspace, lesson)?;
        let swapped = store.progress.is_swapped(workspace, lesson);
        let ran = match run::tests(runner, lesson, filter)? {
            Run::Ran(ran) => ran,
            Run::NotBuilt(failed) => {
                return Ok(Self {
                    result: Err(failed),
                    swapped,
                    edited_meanwhile: false,
                    not_noted: None,
                });
            }
        };
        let expected = lesson_tests::expected(workspace, lesson);
        let mut verdict = Verdict::new(&ran, &lesson.file_name(), &expected, filter);
        verdict.with_threads = lesson_tests::with_threads(workspace, lesson);
        verdict.swapped = swapped;
        verdict.tampered = lesson_tests::tampered(workspace, lesson);
        let text = fs::read_to_string(workspace.path(lesson.file())).unwrap_or_default();
        verdict.unlocked_at_once = slips::unlocked_at_once(&text);
        // Which of the two sources was built cannot be told.
        let edited_meanwhile = source != fingerprint(workspace, lesson)?;
        let noted = match verdict.conclusion() {
            Conclusion::Passes if !edited_meanwhile && !swapped => {
                let explored = verdict.explored().map_or(0, |explored| explored.interleavings);
                store.mark_done(lesson, source, verdict.of_lesson(), explored)
            }
            Conclusion::Fails | Conclusion::NothingWritten if filter.is_none() => {
                store.mark_not_done(lesson, &source)
            }
            _ => Ok(()),
        };
        Ok(Self { result: Ok(verdict), swapped, edited_meanwhile, not_noted: noted.err() })
    }

    /// The page that says so. `progress` is that after the run.
    pub fn page(
        &self,
        workspace: &Workspace,
        progress: &Progress,
        lesson: &Lesson,
    ) -> Result<String> {
        let current = progress.current(workspace)?;
        let page = LessonPage {
            workspace,
            lesson,
            marks: Marks::of_locale(),
            // Before it is looked at, a lesson that has just passed is the current one no longer.
            current: current.is_some_and(|current| current.name == lesson.name),
        };
        let mut text = match &self.result {
            Err(failed) => page.not_built(failed),
            Ok(verdict) => page.verdict(verdict, current),
        };
        let name = &lesson.name;
        if self.edited_meanwhile {
            text += &format!(
                "\n The lesson's files changed while its tests ran, so it does not count as done yet.\n \
                 Once more: cargo xtask test {name}\n"
            );
        }
        if self.swapped {
            text += &format!(
                "\n {} The reference is in place of your file, so this does not count as done.\n   \
                 `cargo xtask restore {name}` brings yours back.\n",
                paint(OPEN, page.marks.swapped),
            );
        }
        if let Some(error) = &self.not_noted {
            text += &format!(
                "\n The progress does not know of this: {error:#}\n Once more, then: cargo xtask test {name}\n"
            );
        }
        Ok(text)
    }

    /// Whether what was asked for passes, and is noted.
    pub fn passes(&self) -> bool {
        !self.edited_meanwhile
            && self.not_noted.is_none()
            && self.result.as_ref().is_ok_and(|verdict| {
                matches!(verdict.conclusion(), Conclusion::Passes | Conclusion::PartPasses)
            })
    }
}
