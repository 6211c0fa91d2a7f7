//! What a learner is told of each mistake that a model catches: a file beside the mistakes, so that a person can judge
//! each sentence, and a change shows.

use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result};
use harness_base::protocol::{USUALLY, find_failure};

use super::hunks;
use crate::course::lesson_tests::MODELS;
use crate::course::{Lesson, Workspace};
use crate::learner::files::write_atomically;
use crate::run::TestRun;
use crate::scratch::mistake::Mistake;

/// The file's name, in the folder of the mistakes.
const NAME: &str = "SENTENCES.md";

/// Whether the file has what the models say of the `caught` mistakes, on a page on which no sentence is broken; with
/// `record` it is written.
pub fn check(
    workspace: &Workspace,
    lesson: &Lesson,
    caught: &[(&Mistake, &TestRun)],
    record: bool,
) -> Result<Vec<String>> {
    let all: Vec<String> = caught
        .iter()
        .filter(|(mistake, _)| mistake.caught_by.starts_with(MODELS))
        .filter_map(|(mistake, raw)| entry(&mistake.name, &raw.stderr))
        .collect();
    let text = format!(
        "# What is said of the mistakes\n\nWritten by `cargo xtask verify {} --record`. A sentence is right, or it is not \
         there.\n\n{}",
        lesson.name,
        all.join("\n")
    );
    let place = lesson.mistakes().join(NAME);
    let path = workspace.path(&place);
    let recorded = fs::read_to_string(&path).unwrap_or_default();
    if all.is_empty() || recorded.replace("\r\n", "\n") == text {
        return Ok(Vec::new());
    }
    if record {
        write_atomically(&path, text.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
        return Ok(Vec::new());
    }
    let changed = hunks(&recorded, &text);
    Ok(vec![format!(
        "{} does not say what the models say now. From what it says to what they say:\n{}\n\
         If each sentence is right: cargo xtask verify {} --record",
        place.display(),
        changed,
        lesson.name
    )])
}

/// What a model says of a mistake. `None` if it was not a model that caught it.
fn entry(name: &str, stderr: &str) -> Option<String> {
    let (kind, report) = find_failure(stderr)?;
    let mut lines = report.lines().skip(1).filter(|line| !line.is_empty());
    let wrong = without_places(lines.next()?);
    let usually = report.lines().find_map(|line| line.strip_prefix(USUALLY)?.strip_prefix(": "));
    let usually = usually
        .map_or_else(|| "(silent)".to_owned(), |text| format!("{USUALLY}: {}", without_rows(text)));
    Some(format!("## {name}: {kind}\n{wrong}\n{usually}\n"))
}

/// A sentence without the numbers of rows: which interleaving is shown is another matter.
fn without_rows(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("row ") {
        let number = after.find(|c: char| !c.is_ascii_digit());
        let number = number.unwrap_or(after.len());
        let _ = write!(out, "{before}row {}", if number > 0 { "N" } else { "" });
        rest = &after[number..];
    }
    out + rest
}

/// A sentence without folders and the numbers of lines, which an edit elsewhere changes.
fn without_places(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(".rs:") {
        let number = after.find(|c: char| !c.is_ascii_digit() && c != ':');
        let path = before.rfind([' ', '(']).map_or(0, |at| at + 1);
        let (words, path) = before.split_at(path);
        let name = path.rsplit('/').next().unwrap_or(path);
        let _ = write!(out, "{words}{name}.rs");
        rest = &after[number.unwrap_or(after.len())..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_says_is_kept_without_rows_and_lines() {
        let report = "fails: data race\n\nData race: two threads reach x (made at src/a.rs:63), and more:\n  main writes it\n\
                      Usually: main writes x (row 12), other reads it (row 4).\n\nThe simplest:\n\n     main\n";
        let said = entry("late", report);
        assert_eq!(
            said.as_deref(),
            Some(
                "## late: data race\nData race: two threads reach x (made at a.rs), and more:\n\
                 Usually: main writes x (row N), other reads it (row N).\n"
            )
        );
        let silent = entry("late", "fails: panic\n\nPanic: no\n\nThis is it:\n");
        assert_eq!(silent.as_deref(), Some("## late: panic\nPanic: no\n(silent)\n"));
        assert_eq!(entry("late", "thread 'main' panicked"), None);
    }
}
