//! What the tests say of both, in a table.

use std::fmt::Write;

use crate::run::cargo::first_error;
use crate::term::{BAD, FAINT, GOOD, Marks, OPEN, STRONG, columns, paint, thousands};
use crate::verdict::outcome::Outcome;
use crate::verdict::{Heading, Tested, Verdict};
use crate::view::paragraph;
use serde::Serialize;

/// The columns of a heading.
const HEADING: usize = 15;

/// How many tests came to what.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Count {
    pub passed: usize,
    pub failed: usize,
    pub not_written: usize,
    pub not_run: usize,
}

impl Count {
    /// Counts these tests.
    pub fn of<'a>(tests: impl Iterator<Item = &'a Tested>) -> Self {
        let mut count = Self::default();
        for test in tests {
            *match test.outcome {
                Outcome::Passed(_) => &mut count.passed,
                Outcome::Failed(_) => &mut count.failed,
                Outcome::NotWritten(_) => &mut count.not_written,
                Outcome::NotRun => &mut count.not_run,
            } += 1;
        }
        count
    }

    /// How many there are.
    pub fn all(self) -> usize {
        self.passed + self.failed + self.not_written + self.not_run
    }
}

/// A line a heading: yours, and the reference.
pub fn render(both: &[Result<Verdict, String>; 2], marks: Marks) -> String {
    let mut lines = vec![(String::new(), ["yours", "reference"].map(|title| paint(STRONG, title)))];
    for heading in Heading::ALL {
        let counts = both.each_ref().map(|verdict| match verdict {
            Ok(verdict) => Some(Count::of(verdict.under(heading))),
            Err(_) => None,
        });
        if counts.iter().flatten().any(|count| count.all() > 0) {
            let cells = counts.map(|count| match count {
                None => paint(FAINT, "not built"),
                Some(count) if count.all() == 0 => String::new(),
                Some(count) => cell(count, marks),
            });
            lines.push((heading.title().to_owned(), cells));
        }
    }
    let explored = both.each_ref().map(|verdict| verdict.as_ref().ok().map(Verdict::explored));
    let cells = explored.map(|explored| match explored {
        None => String::new(),
        Some(None) => paint(FAINT, "no model passes"),
        Some(Some(explored)) => {
            let part = if explored.exhaustive { "" } else { ", not all" };
            format!("{}{part}", thousands(explored.interleavings))
        }
    });
    if explored.iter().flatten().any(Option::is_some) {
        lines.push(("Interleavings".to_owned(), cells));
    }

    let yours = lines.iter().map(|(_, [yours, _])| columns(yours)).max();
    let yours = yours.unwrap_or_default() + 4;
    let mut text = String::new();
    for (heading, [left, right]) in &lines {
        let heading = paint(STRONG, format!("{heading:<HEADING$}"));
        let pad = " ".repeat(yours - columns(left));
        let _ = writeln!(text, "{}", format!(" {heading}{left}{pad}{right}").trim_end());
    }
    for (verdict, whose) in both.iter().zip(["Yours", "The reference"]) {
        if let Err(said) = verdict {
            text.push('\n');
            paragraph(&mut text, &format!("{whose} does not compile: {}.", first_error(said)));
        }
    }
    if explored.iter().all(|explored| explored.flatten().is_some()) {
        text.push('\n');
        paragraph(
            &mut text,
            "Interleavings are those of the models that pass. More of them means more operations that threads can \
             come between, not worse code.",
        );
    }
    text
}

/// `✗ 3 of 7, 2 wrong, 2 not written`
fn cell(count: Count, marks: Marks) -> String {
    let (style, mark) = if count.passed == count.all() {
        (GOOD, marks.good)
    } else if count.failed > 0 {
        (BAD, marks.bad)
    } else {
        (OPEN, marks.open)
    };
    let mut text = format!("{} {} of {}", paint(style, mark), count.passed, count.all());
    for (n, what) in
        [(count.failed, "wrong"), (count.not_written, "not written"), (count.not_run, "not run")]
    {
        if n > 0 {
            let _ = write!(text, ", {n} {what}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use harness_base::protocol::{Coverage, Extent, success_line};

    use super::*;
    use crate::run::Ran;
    use crate::term::{UNICODE, plain};
    use crate::verdict::tests::raw;

    fn verdict(tests: &[(&str, Option<&str>)], interleavings: usize) -> Verdict {
        let mut tests: Vec<_> = tests.iter().map(|(name, said)| raw(name, *said)).collect();
        let coverage = Coverage { interleavings, extent: Extent::All };
        for test in &mut tests {
            if test.success && test.name.starts_with("race") {
                test.stdout += &success_line(&coverage);
            }
        }
        let expected = ["correctness::a", "correctness::b", "race_freedom::m"];
        let ran = Ran { tests, ..Ran::default() };
        Verdict::new(&ran, "a.rs", &expected.map(str::to_owned), None)
    }

    #[test]
    fn both_are_counted_heading_by_heading() {
        let reference = || {
            Ok(verdict(
                &[("correctness::a", None), ("correctness::b", None), ("race_freedom::m", None)],
                437,
            ))
        };
        let wrong = Some("thread 'x' panicked at a.rs:1:1:\nboom\n");
        let todo = Some("thread 'x' panicked at a.rs:1:1:\nnot yet implemented: add\n");
        let pages: Vec<String> = [
            Ok(verdict(
                &[("correctness::a", wrong), ("correctness::b", todo), ("race_freedom::m", None)],
                1024,
            )),
            Ok(verdict(&[("correctness::a", todo), ("mine::x", None)], 0)),
            Err("error[E0425]: cannot find value `c`\n --> src/a.rs:5:9\n".to_owned()),
        ]
        .into_iter()
        .map(|yours| plain(&render(&[yours, reference()], UNICODE)))
        .collect();
        insta::assert_snapshot!("verdicts", pages.join("----\n"));
    }
}
