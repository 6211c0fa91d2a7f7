//! The comparison for programs. A field may be added; one that changes its meaning raises `version`. The help of
//! `--json` describes it for its readers.

use serde::Serialize;

use super::verdicts::Count;
use crate::bench::Comparison;
use crate::course::Lesson;
use crate::run::cargo::first_error;
use crate::verdict::{Conclusion, Heading, Verdict};
use crate::view::diff;

const VERSION: u32 = 1;

#[derive(Debug, Serialize)]
pub struct Document<'a> {
    version: u32,
    lesson: &'a str,
    /// Whether the two files have the same lines.
    equal: bool,
    /// A unified diff from the learner's file to the reference.
    diff: String,
    yours: Side,
    reference: Side,
    /// `null` where it was not asked for.
    bench: Option<&'a Comparison>,
}

/// What became of the tests of one of the two.
#[derive(Debug, Serialize)]
struct Side {
    file: String,
    /// rustc's first error; `null` where it compiles.
    error: Option<String>,
    passes: bool,
    /// What the models that pass explored, all together; `null` where none does.
    interleavings: Option<usize>,
    /// Whether that is all there is within their bounds.
    exhaustive: Option<bool>,
    groups: Vec<Group>,
}

#[derive(Debug, Serialize)]
struct Group {
    heading: &'static str,
    tests: usize,
    #[serde(flatten)]
    count: Count,
}

impl<'a> Document<'a> {
    pub fn new(
        lesson: &'a Lesson,
        [yours, reference]: [&str; 2],
        verdicts: &[Result<Verdict, String>; 2],
        bench: Option<&'a Comparison>,
    ) -> Self {
        let files = [lesson.file(), lesson.reference()].map(|path| path.display().to_string());
        let diff = diff::patch([(&files[0], yours), (&files[1], reference)]);
        let [yours_file, reference_file] = files;
        Self {
            version: VERSION,
            lesson: &lesson.name,
            equal: diff.is_empty(),
            diff,
            yours: Side::new(yours_file, &verdicts[0]),
            reference: Side::new(reference_file, &verdicts[1]),
            bench,
        }
    }
}

impl Side {
    fn new(file: String, verdict: &Result<Verdict, String>) -> Self {
        let ran = verdict.as_ref().ok();
        let explored = ran.and_then(Verdict::explored);
        let groups = ran.map(|verdict| {
            let groups = Heading::ALL.into_iter().map(|heading| {
                let count = Count::of(verdict.under(heading));
                Group { heading: heading.title(), tests: count.all(), count }
            });
            groups.filter(|group| group.tests > 0).collect()
        });
        Self {
            file,
            error: verdict.as_ref().err().map(|said| first_error(said)),
            passes: ran.is_some_and(|verdict| verdict.conclusion() == Conclusion::Passes),
            interleavings: explored.map(|explored| explored.interleavings),
            exhaustive: explored.map(|explored| explored.exhaustive),
            groups: groups.unwrap_or_default(),
        }
    }
}

/// Why there is no comparison.
#[derive(Debug, Serialize)]
pub struct Refusal<'a> {
    version: u32,
    lesson: &'a str,
    error: &'static str,
    message: String,
}

impl<'a> Refusal<'a> {
    pub fn not_finished(lesson: &'a Lesson) -> Self {
        Self {
            version: VERSION,
            lesson: &lesson.name,
            error: "not-finished",
            message: format!(
                "{} is not finished: --yes shows its reference all the same",
                lesson.name
            ),
        }
    }
}
