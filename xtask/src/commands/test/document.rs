//! The verdict for programs. A field may be added; one that changes its meaning raises `version`. The help of
//! `--json` describes it for its readers.

use serde::Serialize;

use super::Judged;
use crate::course::Lesson;
use crate::verdict::Verdict;
use crate::view::json::Test;

const VERSION: u32 = 1;

/// Whether the verdict is for programs. `next` and `test` have this in common.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct ForPrograms {
    /// For programs: the verdict as JSON
    ///
    /// One object on stdout, and nothing else; the exit code is the same:
    ///   version           1; it rises when a field changes its meaning
    ///   lesson            its name; null: every lesson is done
    ///   sum               passes; part-passes (of some tests: all that
    ///                     were asked for); nothing-written; fails;
    ///                     no-such-test; does-not-compile; all-done
    ///   error             what rustc says; null if it compiles
    ///   swapped           whether the reference is in place of your file
    ///   edited_meanwhile  whether a file changed while the tests ran:
    ///                     then the lesson does not count as done
    ///   cut_short         whether the time was up before all tests had run
    ///   warnings          how many rustc has
    ///   interleavings     explored by the models that pass; null if none
    ///   exhaustive        whether these are all within their bounds; or null
    ///   tests             for each:
    ///     name            with its heading: correctness::adds
    ///     heading         Correctness, Race-freedom, No leaks, Your own
    ///     verdict         passed, failed, not-written, not-run
    ///   and, left out where it does not apply:
    ///     kind            of a failure: deadlock, data race, leak, panic,
    ///                     too many steps, stuck, set-up, time-out, abort,
    ///                     flood
    ///     message         in a few words: what is wrong, or to be written
    ///     report          of a failure: all of it, with the dry run of a
    ///                     model, in plain text of 80 columns
    ///     place           FILE:LINE of the todo!() or of the panic
    ///     interleavings, exhaustive
    ///                     of this test, if it passed
    #[arg(long, verbatim_doc_comment)]
    pub json: bool,
}

#[derive(Debug, Serialize)]
pub struct Document<'a> {
    version: u32,
    lesson: Option<&'a str>,
    sum: &'static str,
    /// `null` where it compiles.
    error: Option<&'a str>,
    swapped: bool,
    edited_meanwhile: bool,
    cut_short: bool,
    warnings: usize,
    interleavings: Option<usize>,
    exhaustive: Option<bool>,
    tests: Vec<Test>,
}

impl<'a> Document<'a> {
    /// The verdict on `lesson`.
    pub fn new(lesson: &'a Lesson, judged: &'a Judged) -> Self {
        let ran = judged.result.as_ref().ok();
        let explored = ran.and_then(Verdict::explored);
        let tests = ran.map(|verdict| {
            let tests = verdict.tests.iter();
            tests.map(|test| Test::new(test, str::to_owned)).collect()
        });
        Self {
            lesson: Some(&lesson.name),
            sum: ran.map_or("does-not-compile", |verdict| verdict.conclusion().word()),
            error: judged.result.as_ref().err().map(|failed| &*failed.said),
            swapped: judged.swapped,
            edited_meanwhile: judged.edited_meanwhile,
            cut_short: ran.is_some_and(|verdict| verdict.cut_short),
            warnings: ran.map_or(0, |verdict| verdict.warnings),
            interleavings: explored.map(|explored| explored.interleavings),
            exhaustive: explored.map(|explored| explored.exhaustive),
            tests: tests.unwrap_or_default(),
            ..Self::all_done()
        }
    }

    /// There is no lesson left to run.
    pub fn all_done() -> Self {
        Self {
            version: VERSION,
            lesson: None,
            sum: "all-done",
            error: None,
            swapped: false,
            edited_meanwhile: false,
            cut_short: false,
            warnings: 0,
            interleavings: None,
            exhaustive: None,
            tests: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use harness_base::protocol::{Coverage, Extent, Kind};

    use super::*;
    use crate::course::select::tests::workspace;
    use crate::run::SourceLine;
    use crate::verdict::Tested;
    use crate::verdict::outcome::{Failure, FailureKind, Outcome, Todo};

    #[test]
    fn the_help_describes_every_field() {
        let workspace = workspace(&["wait_group"]);
        let test = |name: &str, outcome| Tested::new(name, outcome, &[name.to_owned()]);
        let todo = Outcome::NotWritten(Todo {
            text: "sleep until the counter is zero".into(),
            at: Some(SourceLine { file: "src/wait_group.rs".into(), line: 41 }),
            hung: false,
        });
        let wrong = Outcome::Failed(Failure {
            kind: FailureKind::Reported(Kind::Panic),
            reason: "panic: negative counter".into(),
            report: "panicked at src/wait_group.rs:29:9:\nnegative counter".into(),
            hung: false,
        });
        let explored = Outcome::Passed(vec![Coverage { interleavings: 23, extent: Extent::All }]);
        let judged = Judged {
            result: Ok(Verdict {
                tests: vec![
                    test("correctness::waits", todo),
                    test("correctness::panics_below_zero", wrong),
                    test("race_freedom::every_waiter_wakes", explored),
                    test("no_leaks::every_waiter_leaves", Outcome::NotRun),
                ],
                ..Default::default()
            }),
            swapped: false,
            edited_meanwhile: false,
            not_noted: None,
        };
        let document = Document::new(&workspace.lessons[0], &judged);
        let json = crate::view::json::text(&document).expect("JSON");
        insta::assert_snapshot!("document", json);

        for command in ["next", "test"] {
            let help = crate::help_of(command);
            for key in crate::view::json::keys(&json) {
                let mut words = help.split(|c: char| !c.is_alphanumeric() && c != '_');
                assert!(words.any(|word| word == key), "{command}: {key}");
            }
        }
    }
}
