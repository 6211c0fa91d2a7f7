//! `cargo xtask restore [LESSON] [VERSION]`: a version of the learner's file back in its place, or a list of all.

use std::fmt::Write;
use std::time::SystemTime;

use anyhow::Result;

use super::Exit;
use crate::course::select::NoSuchName;
use crate::course::{Lesson, Workspace};
use crate::learner::lesson_file::LessonFile;
use crate::learner::progress::State;
use crate::learner::versions::{Kept, Replaced, Version, Why};
use crate::term::{self, FAINT, GOOD, Marks, STRONG, count, paint};
use crate::view::{LessonPage, paragraph, row};

/// What to restore, or to list.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The lesson; without one, the swapped or the current
    lesson: Option<String>,
    /// Its number, or the beginning of its hash; without one, the newest that is neither the reference nor
    /// what is there now
    #[arg(conflicts_with = "list")]
    version: Option<String>,
    /// Show all versions
    #[arg(long)]
    list: bool,
}

/// How much of a hash is shown.
const HASH_COLUMNS: usize = 8;

/// What came of a restore.
enum Restored {
    /// The version is in place.
    Done(Version, Replaced),
    /// It was there already.
    There(Version),
    /// No version is the learner's and not there already.
    Nothing,
}

/// Puts a version in place of the file, or lists all.
pub fn run(workspace: &Workspace, options: &Options) -> Result<Exit> {
    let wanted = options.lesson.as_deref();
    if options.list {
        return with_file(workspace, wanted, false, |file| list(workspace, file));
    }
    with_file(workspace, wanted, true, |file| {
        let restored = restore(file, options.version.as_deref())?;
        let marks = Marks::of_locale();
        let mut page = LessonPage::of(workspace, file.lesson, marks).begin();
        render(&mut page, file, &restored, marks);
        term::print(&page);
        Ok(match restored {
            Restored::Done(..) | Restored::There(_) => Exit::Success,
            Restored::Nothing => Exit::Failure,
        })
    })
}

fn restore(file: &mut LessonFile<'_>, wanted: Option<&str>) -> Result<Restored> {
    let (version, content) = match wanted {
        Some(wanted) => {
            let version = file.versions.find(wanted).map_err(|NoSuchName(text)| {
                let name = &file.lesson.name;
                NoSuchName(format!(
                    "{text}\n`cargo xtask restore {name} --list` shows what there is."
                ))
            })?;
            let content = file.versions.content(&version)?;
            (version, content)
        }
        None => match file.newest_of_learner()? {
            Some(found) => found,
            None => return Ok(Restored::Nothing),
        },
    };
    if file.content()?.as_ref() == Some(&content) {
        return Ok(Restored::There(version));
    }
    let replaced = file.replace(&content, Why::Restore)?;
    Ok(Restored::Done(version, replaced))
}

fn render(page: &mut String, file: &LessonFile<'_>, restored: &Restored, marks: Marks) {
    let lesson = file.lesson;
    let name = &lesson.name;
    match restored {
        Restored::Done(version, replaced) => {
            let kept = &version.kept;
            let _ = writeln!(
                page,
                " {} Version {} is back: {}, kept {}.",
                paint(GOOD, marks.good),
                version.number,
                count(kept.lines, "line"),
                when(kept),
            );
            paragraph(page, &replaced.text());
            page.push('\n');
            row(page, "Edit", lesson.file().display());
            row(page, "Then", format!("cargo xtask test {}", lesson.name));
        }
        Restored::There(version) => {
            let number = version.number;
            let _ = writeln!(page, " Version {number} is what is there now: nothing was changed.");
        }
        Restored::Nothing if file.versions.all().is_empty() => {
            paragraph(page, "Nothing to restore: the runner has not replaced this file yet.")
        }
        Restored::Nothing => {
            paragraph(
                page,
                "Nothing to restore: besides the reference and what is there now, no version is kept.",
            );
            page.push('\n');
            row(page, "All", format!("cargo xtask restore {name} --list"));
            row(page, "Stub", format!("cargo xtask reset {name}"));
        }
    }
}

/// `3 minutes ago (2026-08-04T21:07:00Z)`
fn when(kept: &Kept) -> String {
    match kept.ago(SystemTime::now()) {
        ago if ago.is_empty() => kept.at.clone(),
        ago => format!("{ago} ({})", kept.at),
    }
}

/// Prints all versions, the newest first.
fn list(workspace: &Workspace, file: &LessonFile<'_>) -> Result<Exit> {
    let lesson = file.lesson;
    let marks = Marks::of_locale();
    let mut page = LessonPage::of(workspace, lesson, marks).begin();
    let versions = file.versions.newest_first();
    if versions.is_empty() {
        let text = "No version is kept: the runner has not replaced this file yet.";
        paragraph(&mut page, text);
    } else {
        for version in &versions {
            page += &entry(version, &file.facts(version), marks);
        }
        let back = format!("cargo xtask restore {} VERSION", lesson.name);
        page.push('\n');
        row(&mut page, "Back", back);
        let folder = file.versions.folder();
        let folder = folder.strip_prefix(&workspace.root).unwrap_or(folder);
        row(&mut page, "Files", folder.display());
    }
    term::print(&page);
    Ok(Exit::Success)
}

/// Two lines: what it takes to name it and when it was kept, then what is known of it.
fn entry(version: &Version, facts: &[&str], marks: Marks) -> String {
    let kept = &version.kept;
    let first = format!(
        " {:>3}  {:<14}  {}  {}  {}\n",
        paint(STRONG, format!("{:>3}", version.number)),
        kept.ago(SystemTime::now()),
        kept.at,
        &kept.sha256[..HASH_COLUMNS],
        count(kept.lines, "line"),
    );
    let facts = std::iter::once(kept.why.text()).chain(facts.iter().copied());
    let facts: Vec<&str> = facts.filter(|fact| !fact.is_empty()).collect();
    if facts.is_empty() {
        return first;
    }
    let facts = facts.join(&format!(" {} ", marks.dot));
    format!("{first}      {}\n", paint(FAINT, facts))
}

/// Opens the file of the lesson that is meant: the one that goes by `wanted`; without that, the one that is
/// swapped, or the current one. `restores`: what is in it then is what the learner wants there.
fn with_file(
    workspace: &Workspace,
    wanted: Option<&str>,
    restores: bool,
    then: impl FnOnce(&mut LessonFile<'_>) -> Result<Exit>,
) -> Result<Exit> {
    let opened = super::open(workspace, wanted);
    let (mut store, mut lesson) = opened.map_err(|error| version_without_lesson(error, wanted))?;
    if wanted.is_none() {
        let mut swapped = Vec::new();
        for lesson in &workspace.lessons {
            if store.progress.state(workspace, lesson)? == State::Swapped {
                swapped.push(lesson);
            }
        }
        lesson = match &swapped[..] {
            [] => lesson,
            [one] => Some(one),
            several => {
                let line = |lesson: &&Lesson| format!("\n  cargo xtask restore {}", lesson.name);
                let names: String = several.iter().map(line).collect();
                let text = format!("several lessons are swapped. Say which one to restore:{names}");
                return Err(NoSuchName(text).into());
            }
        };
    }
    let Some(lesson) = lesson else {
        term::print(
            " Every lesson is done. To restore the file of one: cargo xtask restore LESSON\n",
        );
        return Ok(Exit::Success);
    };
    let exit = then(&mut LessonFile::open(workspace, &store, lesson)?)?;
    if restores {
        store.mark_swapped(lesson, false)?;
    }
    Ok(exit)
}

/// `restore 2` means a version, and the word that comes first means a lesson.
fn version_without_lesson(error: anyhow::Error, wanted: Option<&str>) -> anyhow::Error {
    match (error.downcast::<NoSuchName>(), wanted) {
        (Ok(NoSuchName(text)), Some(number)) if number.parse::<usize>().is_ok() => NoSuchName(
            format!("{text}\nA version goes after its lesson: cargo xtask restore LESSON {number}"),
        )
        .into(),
        (Ok(name), _) => name.into(),
        (Err(error), _) => error,
    }
}
