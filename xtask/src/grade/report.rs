//! Grades for people and for programs.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Graded, Partition, Work, real_places};
use crate::course::shipped::Change;
use crate::term::{BAD, FAINT, GOOD, Marks, OPEN, columns, count, paint, shorten, width, wrap};
use crate::verdict::{Conclusion, Tested};
use crate::view::json::{Test, TestVerdict};

/// The layout of the JSON. A field may be added; one that changes its meaning raises this.
const VERSION: u32 = 1;

/// The most tests of a lesson that the table names. All of them are in the JSON.
const NAMED: usize = 5;

/// What was graded. The same in JSON; the README says what its fields mean.
#[derive(Debug, Serialize)]
pub struct Report {
    version: u32,
    partition: Option<Partition>,
    attempted: usize,
    done: usize,
    lessons: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    number: String,
    name: String,
    title: String,
    attempted: bool,
    done: bool,
    is_reference: bool,
    passed: usize,
    total: usize,
    /// Why no test ran although the lesson was attempted.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    tests: Vec<Test>,
    tampered: Vec<Tampered>,
    /// Whether files were to be put back and are not found.
    #[serde(skip)]
    not_scored: bool,
    #[serde(skip)]
    word: &'static str,
}

#[derive(Debug, Serialize)]
struct Tampered {
    file: String,
    change: Change,
}

impl Tampered {
    fn new((file, change): &(PathBuf, Change)) -> Self {
        Self { file: slashes(file), change: *change }
    }
}

impl Report {
    /// The report on these lessons.
    pub fn new(partition: Option<Partition>, graded: &[Graded<'_>]) -> Self {
        Self {
            version: VERSION,
            partition,
            attempted: graded.iter().filter(|one| one.is_attempted()).count(),
            done: graded.iter().filter(|one| one.is_done()).count(),
            lessons: graded.iter().map(Row::new).collect(),
        }
    }

    /// Whether all that was attempted passes.
    pub fn passes(&self) -> bool {
        self.attempted == self.done
    }

    /// The table.
    pub fn render(&self, marks: Marks) -> String {
        let mut page = String::new();
        let names = self.lessons.iter().map(|row| columns(&row.name)).max();
        for row in &self.lessons {
            row.render(&mut page, names.unwrap_or_default(), marks);
        }
        let replaced = |row: &Row| !row.tampered.is_empty() && !row.not_scored;
        if self.lessons.iter().any(replaced) {
            page += "\n Files that differ from the originals were not used: the originals were.\n";
        }
        let gap = if self.lessons.is_empty() { "" } else { "\n" };
        let part = self.partition.map_or_else(String::new, |it| format!("Part {it}: "));
        let (attempted, done) = (self.attempted, self.done);
        let sum = match attempted {
            0 => "nothing is attempted; every file is its stub".to_owned(),
            _ => {
                let failed = attempted - done;
                format!("{attempted} attempted, {done} passed, {failed} failed")
            }
        };
        let open = match self.lessons.len() - attempted {
            open if attempted > 0 && open > 0 => format!(", {open} not attempted"),
            _ => String::new(),
        };
        let lessons = count(self.lessons.len(), "lesson");
        let _ = writeln!(page, "{gap} {part}{lessons}: {sum}{open}");
        page
    }
}

impl Row {
    fn new(graded: &Graded<'_>) -> Self {
        let lesson = graded.lesson;
        let mut row = Self {
            number: lesson.number.to_string(),
            name: lesson.name.clone(),
            title: lesson.about.title.clone(),
            attempted: graded.is_attempted(),
            done: graded.is_done(),
            is_reference: graded.is_reference,
            passed: 0,
            total: graded.tests,
            error: None,
            tests: Vec::new(),
            tampered: graded.tampered.iter().map(Tampered::new).collect(),
            not_scored: matches!(graded.work, Work::NotScored(_)),
            word: "not attempted",
        };
        match &graded.work {
            Work::NotAttempted => {}
            Work::NoFile(said) => {
                row.word = "its file is missing";
                row.error = Some(said.clone());
            }
            Work::NotBuilt(said) => {
                row.word = "does not compile";
                row.error = Some(said.clone());
            }
            Work::NotScored(files) => {
                let files: Vec<_> = files.iter().map(|file| slashes(file)).collect();
                row.word = "not scored";
                row.error = Some(format!(
                    "git does not have what was shipped of\n  {}\n\
                     Put it back, or take the tests from the course's checkout: cargo xtask grade --pristine DIR",
                    files.join("\n  ")
                ));
            }
            Work::Tested(verdict) => {
                let tests = verdict.tests.iter();
                let tests = tests.map(|test| Test::new(test, |text| real_places(text, lesson)));
                row.tests = tests.collect();
                row.total = verdict.of_lesson();
                let passed = |test: &&Tested| test.is_of_lesson() && test.passed();
                row.passed = verdict.tests.iter().filter(passed).count();
                row.word = match verdict.conclusion() {
                    Conclusion::Passes if graded.is_reference => "passes; it is the reference",
                    Conclusion::Passes => "passes",
                    _ if verdict.cut_short => "fails; the time was up before all tests had run",
                    Conclusion::NothingWritten => "fails; nothing is written yet",
                    _ => "fails",
                };
            }
        }
        row
    }

    fn render(&self, page: &mut String, names: usize, marks: Marks) {
        let (mark, style) = match (self.attempted, self.done) {
            (_, true) => (marks.good, GOOD),
            (true, false) => (marks.bad, BAD),
            (false, _) => (marks.open, FAINT),
        };
        let count = match self.attempted {
            true => format!("{:>3} of {:<3}  ", self.passed, self.total),
            false => " ".repeat(12),
        };
        let Self { number, name, word, .. } = self;
        let mark = paint(style, mark);
        let _ = writeln!(page, " {number:<5} {mark} {name:<names$}  {count}{word}");
        for Tampered { file, change } in &self.tampered {
            let _ = writeln!(page, "         {} {file}", paint(OPEN, change));
        }
        for line in self.error.iter().flat_map(|said| said.lines()) {
            let _ = writeln!(page, "{}", format!("         {line}").trim_end());
        }
        let left = |test: &&Test| test.verdict != TestVerdict::Passed;
        for test in self.tests.iter().filter(left).take(NAMED) {
            let mark = match test.verdict {
                TestVerdict::Failed => paint(BAD, marks.bad),
                _ => paint(OPEN, marks.open),
            };
            for (i, line) in wrap(&line(test), width() - 11).iter().enumerate() {
                let mark = if i == 0 { &mark } else { " " };
                let line = shorten(line, width() - 11, marks.more);
                let _ = writeln!(page, "         {mark} {line}");
            }
        }
        let more = self.tests.iter().filter(left).count();
        if let Some(more) = more.checked_sub(NAMED).filter(|more| *more > 0) {
            let _ = writeln!(page, "         and {more} more");
        }
    }
}

/// A path as it is written on every system.
fn slashes(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// The test and what became of it, for the table.
fn line(test: &Test) -> String {
    let Test { name, message, .. } = test;
    match test.verdict {
        TestVerdict::Passed => name.clone(),
        TestVerdict::Failed => format!("{name}: {message}"),
        TestVerdict::NotWritten => format!("{name}: not written yet: {message}"),
        TestVerdict::NotRun => format!("{name}: did not run"),
    }
}

#[cfg(test)]
mod tests {
    use harness_base::protocol::Kind;

    use super::*;
    use crate::course::select::tests::workspace;
    use crate::term::{UNICODE, plain};
    use crate::verdict::Verdict;
    use crate::verdict::outcome::{Failure, FailureKind, Outcome, Todo};

    #[test]
    fn a_report_names_what_failed_and_what_was_edited() {
        let workspace = workspace(&["bank_account", "publication", "parallel_sum", "wait_group"]);
        let test = |name: &str, outcome| Tested::new(name, outcome, &[name.to_owned()]);
        let verdict = |tests: Vec<Tested>| Work::Tested(Verdict { tests, ..Verdict::default() });
        let wrong = Outcome::Failed(Failure {
            kind: FailureKind::Reported(Kind::Deadlock),
            reason: "deadlock".into(),
            report: "at grade/wait_group/src/wait_group.rs:7".into(),
            hung: false,
        });
        let todo = Outcome::NotWritten(Todo {
            text: "sleep until the counter is zero".into(),
            at: None,
            hung: false,
        });
        let mut fails = vec![
            test("correctness::wait_returns_at_once_on_zero", todo),
            test("race_freedom::every_waiter_wakes", wrong),
            test("no_leaks::every_waiter_leaves", Outcome::Passed(Vec::new())),
        ];
        fails.extend((1..=5).map(|i| test(&format!("no_leaks::x_{i}"), Outcome::NotRun)));
        let works = [
            verdict(vec![test("correctness::adds", Outcome::Passed(Vec::new()))]),
            Work::NotBuilt("error[E0425]: cannot find `x`\n --> src/publication.rs:3:1".into()),
            Work::NotAttempted,
            verdict(fails),
        ];
        let lessons = workspace.lessons.iter().zip(works);
        let graded = lessons.map(|(lesson, work)| Graded {
            lesson,
            tampered: match &work {
                Work::Tested(verdict) if verdict.tests.len() > 1 => vec![
                    (lesson.exercise.join("Cargo.toml"), Change::Edited),
                    (lesson.exercise.join("tests/no_leaks.rs"), Change::Deleted),
                ],
                _ => Vec::new(),
            },
            tests: 9,
            is_reference: lesson.name == "bank_account",
            work,
        });
        let graded: Vec<_> = graded.collect();
        let report = Report::new("2/4".parse().ok(), &graded);
        assert!(!report.passes());
        let page = plain(&report.render(UNICODE));
        insta::assert_snapshot!("grades", page);
        let json = serde_json::to_string_pretty(&report).expect("JSON");
        insta::assert_snapshot!("grades_json", json);

        // The README says what each field means.
        let readme = include_str!("../../../README.md");
        for key in crate::view::json::keys(&json) {
            assert!(readme.contains(&format!("`{key}`")), "{key}");
        }
    }

    #[test]
    fn nothing_attempted_is_no_failure() {
        let report = Report::new(None, &[]);
        assert!(report.passes());
        assert!(report.render(UNICODE).contains("nothing is attempted"));
    }
}
