//! What programs read: texts in JSON, and in them a test and what became of it. `grade`, `next` and `test` hand out the same.

use anyhow::Result;
use serde::Serialize;

use crate::run::SourceLine;
use crate::term;
use crate::verdict::outcome::Outcome;
use crate::verdict::panics::panicked_at;
use crate::verdict::{Explored, Tested};

/// An object as the text that goes out.
pub fn text(object: &impl Serialize) -> Result<String> {
    Ok(format!("{}\n", serde_json::to_string_pretty(object)?))
}

/// A test and what became of it. What does not apply is left out.
#[derive(Debug, Default, Serialize)]
pub struct Test {
    /// The canonical name.
    pub name: String,
    /// The heading that it stands under.
    pub heading: &'static str,
    /// What became of it.
    pub verdict: TestVerdict,
    /// What kind of failure it is, for one that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// In a few words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// In full.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub report: String,
    /// Where the `todo!()` stands, or where it panicked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// How many its models explored, for one that passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interleavings: Option<usize>,
    /// Whether these are all there are within the models' bounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exhaustive: Option<bool>,
}

/// What became of a test, in a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestVerdict {
    /// It passed.
    #[default]
    Passed,
    /// It failed.
    Failed,
    /// It came to a `todo!()`.
    NotWritten,
    /// The time was up before its turn came, or it is not there any more.
    NotRun,
}

impl Test {
    /// The test, with its texts as `places` makes them: the tests may have been built somewhere else.
    pub fn new(test: &Tested, places: impl Fn(&str) -> String) -> Self {
        let mut row =
            Self { name: test.name.clone(), heading: test.heading.title(), ..Self::default() };
        let plain = |text: &str| places(&term::plain(text));
        let at = |line: &SourceLine| places(&line.to_string());
        match &test.outcome {
            Outcome::Passed(coverage) => {
                let explored = Explored::together(coverage);
                row.interleavings = explored.map(|explored| explored.interleavings);
                row.exhaustive = explored.map(|explored| explored.exhaustive);
            }
            Outcome::NotRun => row.verdict = TestVerdict::NotRun,
            Outcome::NotWritten(todo) => {
                row.verdict = TestVerdict::NotWritten;
                row.message = plain(&todo.text);
                row.place = todo.at.as_ref().map(at);
            }
            Outcome::Failed(failure) => {
                row.verdict = TestVerdict::Failed;
                row.kind = Some(failure.kind.to_string());
                row.message = plain(&failure.reason);
                row.report = plain(&failure.report);
                row.place = panicked_at(&row.report).as_ref().map(at);
            }
        }
        row
    }
}

/// The keys of the objects in a pretty JSON text: what a description of it has to name.
#[cfg(test)]
pub fn keys(json: &str) -> std::collections::BTreeSet<&str> {
    json.lines()
        .filter_map(|line| Some(line.trim().strip_prefix('"')?.split_once("\": ")?.0))
        .collect()
}
