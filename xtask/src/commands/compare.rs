//! `cargo xtask compare [LESSON]`: the learner's file beside the reference: the lines, the tests, the time.

mod document;
mod verdicts;

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};

use anyhow::Result;

use super::test::Judged;
use super::{Exit, begun_or_last_finished};
use crate::bench;
use crate::course::{Lesson, Workspace, lesson_tests};
use crate::learner::progress::{Progress, State, Store};
use crate::run::{self, Run, Runner};
use crate::term::{self, Marks, note, terminal_width, width};
use crate::verdict::Verdict;
use crate::view::diff::Diff;
use crate::view::{LessonPage, json, paragraph, row};

use document::{Document, Refusal};

/// From so many columns on, the two files stand side by side.
const SIDE_BY_SIDE: usize = 120;

/// The most columns that they take: enough for two lines of the longest kind.
const WIDEST: usize = 240;

/// What to show, and how.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The lesson; without one, the current one, or the last one you finished if that is not begun
    lesson: Option<String>,
    /// What they take, too, as `cargo xtask bench` shows it
    #[arg(long)]
    bench: bool,
    /// For programs
    ///
    /// Never asks. One object:
    ///   version    1; it rises when a field changes its meaning
    ///   lesson     its name
    ///   equal      whether the two files have the same lines
    ///   diff       a unified diff from your file to the reference
    ///   yours, reference
    ///     file           its path from the root
    ///     error          rustc's first error; null if it compiles
    ///     passes         whether it passes all tests of the lesson
    ///     interleavings  explored by the models that pass; null if none does
    ///     exhaustive     whether these are all there are within the bounds
    ///     groups         for each heading: heading, tests, passed, failed,
    ///                    not_written, not_run
    ///   bench      null without --bench; else rounds, yours and cases as
    ///              `cargo xtask bench --json` has them
    /// If the lesson is not finished and --yes is missing, it exits with
    /// 1, and the object has version, lesson, error (not-finished) and
    /// message.
    #[arg(long, verbatim_doc_comment)]
    json: bool,
    /// Show the reference of a lesson that you have not finished, without a question
    #[arg(long, short)]
    yes: bool,
}

/// Compares the lesson that was named; without a name, the one at hand.
pub fn run(runner: &Runner, options: &Options) -> Result<Exit> {
    let workspace = &*runner.workspace;
    let mut store = Store::open(workspace)?;
    let Some(lesson) = begun_or_last_finished(workspace, &store, options.lesson.as_deref())? else {
        return Ok(super::no_lesson());
    };
    // Whether it is finished is for its tests to say, where there is something to test.
    let state = store.progress.state(workspace, lesson)?;
    let judged = (state != State::NotBegun)
        .then(|| Judged::new(runner, &mut store, lesson, None))
        .transpose()?;
    if !has_seen(workspace, &store.progress, lesson)? && !may_show(lesson, options) {
        if options.json {
            term::print(&json::text(&Refusal::not_finished(lesson))?);
        }
        return Ok(Exit::Failure);
    }
    remember(&mut store, lesson)?;

    let [yours, reference] = texts(workspace, lesson)?;
    let page = LessonPage::of(workspace, lesson, Marks::of_locale());
    if !options.json {
        term::print(&files(&page, &Diff::between(&yours, &reference)));
    }
    let judged = judged.map_or_else(|| Judged::new(runner, &mut store, lesson, None), Ok)?;
    let passes = judged.passes();
    let both = [judged.result.map_err(|failed| failed.said), judge_reference(runner, lesson)?];
    if !options.json {
        term::print(&verdicts::render(&both, page.marks));
    }
    let comparison = options.bench.then(|| bench::measure(runner, lesson)).transpose()?;
    if options.json {
        let document = Document::new(lesson, [&yours, &reference], &both, comparison.as_ref());
        term::print(&json::text(&document)?);
        return Ok(Exit::Success);
    }
    let mut text = String::from("\n");
    let name = &lesson.name;
    match &comparison {
        Some(comparison) => text += &bench::render(&page, comparison),
        None => row(&mut text, "Time", format!("cargo xtask bench {name}")),
    }
    if !passes {
        row(&mut text, "Why", format!("cargo xtask test {name}"));
    }
    row(&mut text, "Read", lesson.readme().display());
    term::print(&text);
    Ok(Exit::Success)
}

/// Whether there is nothing to ask: the lesson was finished once, its reference is in place, or was shown before.
pub fn has_seen(workspace: &Workspace, progress: &Progress, lesson: &Lesson) -> Result<bool> {
    let recorded =
        progress.of(lesson).is_some_and(|record| record.passed.is_some() || record.reference_shown);
    Ok(recorded || progress.state(workspace, lesson)? == State::Swapped)
}

/// Notes that the reference was shown, where that matters.
pub fn remember(store: &mut Store, lesson: &Lesson) -> Result<()> {
    let record = store.progress.of_mut(lesson);
    if record.passed.is_some() || record.reference_shown {
        return Ok(());
    }
    record.reference_shown = true;
    store.save()
}

/// The lines in which the learner's file and the reference differ, under the lesson's header.
pub fn difference(page: &LessonPage<'_>) -> Result<String> {
    let [yours, reference] = texts(page.workspace, page.lesson)?;
    Ok(files(page, &Diff::between(&yours, &reference)))
}

/// The learner's file and the reference.
fn texts(workspace: &Workspace, lesson: &Lesson) -> Result<[String; 2]> {
    Ok([workspace.read(&lesson.file())?, workspace.read(&lesson.reference())?])
}

/// Whether the learner wants to see the reference.
fn may_show(lesson: &Lesson, options: &Options) -> bool {
    if options.yes {
        return true;
    }
    let name = &lesson.name;
    if options.json || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        note(&format!(
            " You have not finished {name}, and this would show its reference. If that is what you want:\n   \
             cargo xtask compare {name} --yes"
        ));
        return false;
    }
    let _ = write!(io::stderr(), " You have not finished {name}. Show the reference? [y/N] ");
    let mut answer = String::new();
    let _ = io::stdin().read_line(&mut answer);
    let yes = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
    if !yes {
        note(&format!(" Not shown. A nudge instead: cargo xtask hint {name}"));
    }
    yes
}

/// The tests of the lesson, run against the reference.
fn judge_reference(runner: &Runner, lesson: &Lesson) -> Result<Result<Verdict, String>> {
    Ok(match run::tests_of_reference(runner, lesson)? {
        Run::NotBuilt(failed) => Err(failed.said),
        Run::Ran(ran) => {
            let expected = lesson_tests::expected(&runner.workspace, lesson);
            Ok(Verdict::new(&ran, &lesson.file_name(), &expected, None))
        }
    })
}

/// The two files, as far as they differ.
fn files(page: &LessonPage<'_>, diff: &Diff) -> String {
    let lesson = page.lesson;
    let mut text = page.begin();
    for (whose, path) in [("yours", lesson.file()), ("reference", lesson.reference())] {
        let whose = term::paint(term::STRONG, format!("{whose:<9}"));
        let _ = writeln!(text, " {whose}  {}", path.display());
    }
    text.push('\n');
    if diff.is_empty() {
        paragraph(&mut text, "The two files are the same.");
    } else if terminal_width() >= SIDE_BY_SIDE {
        let width = terminal_width().min(WIDEST);
        text += &diff.side_by_side(width, ["yours", "reference"], page.marks);
    } else {
        let (gone, new) = diff.counts();
        let _ = writeln!(
            text,
            " {}   {}\n",
            term::paint(term::GONE, format!("- in yours only ({gone})")),
            term::paint(term::NEW, format!("+ in the reference only ({new})"))
        );
        text += &diff.unified(width());
    }
    text.push('\n');
    text
}
