//! `cargo xtask restore [LESSON] [VERSION]`: a version of the learner's file back in its place, or a list of all.

use std::fmt::Write;
use std::time::SystemTime;

use anyhow::Result;

use super::Exit;
use crate::course::Workspace;
use crate::course::select::NoSuchName;
use crate::learner::lesson_file::LessonFile;
use crate::learner::progress::State;
use crate::learner::versions::{Kept, Replaced, Version, Why};
use crate::term::{self, FAINT, GOOD, Marks, STRONG, count, paint};
use crate::view::{LessonPage, paragraph, row};

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

/// Puts a version in place of the file: the one that goes by `version`; without that, the newest that is
/// neither the reference nor what is there.
pub fn run(workspace: &Workspace, wanted: Option<&str>, version: Option<&str>) -> Result<Exit> {
    with_file(workspace, wanted, true, |file| {
        let restored = restore(file, version)?;
        let marks = Marks::of_locale();
        let mut page = LessonPage::of(workspace, file.lesson, marks).header();
        page.push('\n');
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
            let _ = writeln!(
                page,
                " Version {} is what is there now: nothing was changed.",
                version.number
            );
        }
        Restored::Nothing if file.versions.all().is_empty() => paragraph(
            page,
            "Nothing to restore: the runner has not replaced this file yet.",
        ),
        Restored::Nothing => {
            paragraph(
                page,
                "Nothing to restore: besides the reference and what is there now, no version is kept.",
            );
            page.push('\n');
            row(page, "All", format!("cargo xtask restore {name} --list"));
            row(page, "Stub", format!("cargo xtask reset {}", lesson.name));
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
pub fn list(workspace: &Workspace, wanted: Option<&str>) -> Result<Exit> {
    with_file(workspace, wanted, false, |file| {
        let lesson = file.lesson;
        let name = &lesson.name;
        let marks = Marks::of_locale();
        let mut page = LessonPage::of(workspace, lesson, marks).header();
        page.push('\n');
        let versions = file.versions.newest_first();
        if versions.is_empty() {
            paragraph(
                &mut page,
                "No version is kept: the runner has not replaced this file yet.",
            );
        } else {
            for version in &versions {
                page += &entry(version, &file.facts(version), marks);
            }
            page.push('\n');
            row(
                &mut page,
                "Back",
                format!("cargo xtask restore {name} VERSION"),
            );
            let folder = file.versions.folder();
            let folder = folder.strip_prefix(&workspace.root).unwrap_or(folder);
            row(&mut page, "Files", folder.display());
        }
        term::print(&page);
        Ok(Exit::Success)
    })
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
    let facts: Vec<&str> = std::iter::once(kept.why.text())
        .chain(facts.iter().copied())
        .filter(|fact| !fact.is_empty())
        .collect();
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
                let names: Vec<_> = several
                    .iter()
                    .map(|lesson| format!("  cargo xtask restore {}", lesson.name))
                    .collect();
                return Err(NoSuchName(format!(
                    "several lessons are swapped. Say which one to restore:\n{}",
                    names.join("\n")
                ))
                .into());
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
