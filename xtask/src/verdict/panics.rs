//! Panics as the standard library writes them on stderr.

use std::borrow::Cow;

use crate::run::SourceLine;

/// A panic as the standard library reports it.
#[derive(Debug, PartialEq, Eq)]
pub struct Panic<'a> {
    /// Where.
    pub at: Option<SourceLine>,
    /// What it says, without the notes of the standard library.
    pub message: &'a str,
}

impl Panic<'_> {
    /// What it says in a few words.
    pub fn reason(&self) -> String {
        let mut lines = self.message.lines();
        let first = lines.next().unwrap_or("panic");
        let value = |name: &str| {
            self.message
                .lines()
                .find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(": "))
        };
        match (value("left"), value("right")) {
            (Some(left), Some(right)) if first.starts_with("assertion") => {
                let what = first
                    .split_once("failed: ")
                    .map_or_else(String::new, |(_, what)| format!("{what}: "));
                format!("{what}{left} against {right}")
            }
            _ => first.to_owned(),
        }
    }
}

/// The panics in what a test printed on stderr, the first one first.
pub fn panics(stderr: &str) -> Vec<Panic<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in stderr.split_inclusive('\n') {
        at += line.len();
        let line = line.trim_end();
        let Some((_, named)) = line
            .split_once(" panicked at ")
            .filter(|_| line.starts_with("thread '"))
        else {
            continue;
        };
        let rest = &stderr[at..];
        let end = [
            "\nnote: run with",
            "\nstack backtrace:",
            "\nthread '",
            "\n\n",
        ]
        .iter()
        .filter_map(|mark| rest.find(mark))
        .min()
        .unwrap_or(rest.len());
        found.push(Panic {
            at: SourceLine::parse(named.trim_end_matches(':')),
            message: rest[..end].trim_end(),
        });
    }
    found
}

/// The line that a panic's message or a model's report names first.
pub fn panicked_at(report: &str) -> Option<SourceLine> {
    report.lines().find_map(|line| {
        let (_, rest) = line
            .split_once("panicked at ")
            .or_else(|| line.trim_end().strip_suffix(')')?.split_once(", at "))?;
        SourceLine::parse(rest.trim_end().trim_end_matches(':'))
    })
}

/// `thread 'x' (77) panicked at a.rs:1:2:` in fewer words: the number says nothing, and the whole line is often
/// too wide.
pub fn panic_line(line: &str) -> Cow<'_, str> {
    let parts = line
        .strip_prefix("thread '")
        .and_then(|rest| rest.split_once("' "));
    let Some((thread, (_, at))) =
        parts.and_then(|(thread, rest)| Some((thread, rest.split_once("panicked at ")?)))
    else {
        return Cow::Borrowed(line);
    };
    // libtest calls a test's thread by the test's path, a program its main thread `main`.
    match thread {
        "main" => Cow::Owned(format!("panicked at {at}")),
        "<unnamed>" => Cow::Owned(format!("a thread panicked at {at}")),
        test if at.contains("tests/") || test.contains("::") => {
            Cow::Owned(format!("panicked at {at}"))
        }
        named => Cow::Owned(format!("thread `{named}` panicked at {at}")),
    }
}
