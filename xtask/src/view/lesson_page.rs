//! A verdict for the eye: as wide as prose may be, the groups first, then the first failure in full, then what to do.

use std::fmt::Write;
use std::fs;

use crate::course::lacks::missed;
use crate::course::lesson_tests::{self, FACADE_TEST};
use crate::course::{Lesson, Status, Workspace};
use crate::run::{Filter, nextest_is_installed};
use crate::term::{
    BAD, FAINT, GOOD, Marks, NO_BREAK, OPEN, STRONG, columns, count, paint, shorten, width, wrap,
};
use crate::verdict::outcome::{Failure, FailureKind, Outcome};
use crate::verdict::{Conclusion, Heading, Tested, Verdict};

use super::parts::{all_done, behind, explored_text, named, paragraph, picture, row, signed};

/// The most lines of a failure that a verdict shows. The tallest dry runs have about half as many.
const REPORT_LINES: usize = 90;

/// The most lines that it shows of a test that was stopped because it printed without end.
const FLOOD_LINES: usize = 6;

/// The lines of a screen, without the two that cargo writes above the page.
const SCREEN_LINES: usize = 22;

/// The most tests under a heading that are named above the one that is shown in full: a mistake fails many, and the others
/// say the same. Fewer are named if what is wrong would not stand on the first screen.
const MOST_NAMED: usize = 5;

/// The longest name of a test that shares its line with a reason.
fn name_columns() -> usize {
    width() * 11 / 20
}

/// The columns that the names of tests take which share their lines with reasons.
fn names_width(tests: &[&Tested]) -> usize {
    let names = tests.iter().map(|test| columns(test.short_name()));
    let names = names.filter(|name| *name <= name_columns());
    names.max().unwrap_or_default()
}

/// What is rendered: a lesson in its workspace, with the marks to do it in.
#[derive(Clone, Copy, Debug)]
pub struct LessonPage<'a> {
    /// All lessons.
    pub workspace: &'a Workspace,
    /// This one.
    pub lesson: &'a Lesson,
    /// The signs to use.
    pub marks: Marks,
    /// Whether it is the lesson that `next` runs, so that its name need not be typed.
    pub current: bool,
}

/// How much of a report is shown.
#[derive(Clone, Copy, Debug)]
pub enum Length<'a> {
    /// So many lines, and the command that shows all of them.
    UpTo(usize, &'a str),
    /// All, but for a test that was stopped because it printed without end.
    Full,
}

/// Those of a heading's tests that did not pass, in the order to look at them: the one that is shown in full, others that
/// fail, and the rest.
fn open_tests(verdict: &Verdict, heading: Heading) -> Vec<&Tested> {
    let first = verdict.first_failure().map(|(first, _)| &first.name);
    let mut open: Vec<_> = verdict.under(heading).filter(|test| !test.passed()).collect();
    open.sort_by_key(|test| {
        let fails = matches!(test.outcome, Outcome::Failed(_));
        (Some(&test.name) != first, !fails)
    });
    open
}

/// How many of `open` tests are named, if they may be no more than `most`. A line that says "1 more" saves nothing.
fn named_of(open: usize, most: usize) -> usize {
    if open <= most.saturating_add(1) { open } else { most }
}

impl<'a> LessonPage<'a> {
    /// The page of a command that is told which lesson it is about.
    pub fn of(workspace: &'a Workspace, lesson: &'a Lesson, marks: Marks) -> Self {
        Self { workspace, lesson, marks, current: false }
    }
}

impl LessonPage<'_> {
    /// ` 2.2  wait_group · Goroutines and wait groups · lesson 6 of 65`
    pub fn header(&self) -> String {
        let LessonPage { workspace, lesson, marks, .. } = self;
        let of = match lesson.about.status {
            Some(Status::ToBeWritten) => "to be written".to_owned(),
            None => format!("lesson {} of {}", workspace.position(lesson), workspace.lessons.len()),
        };
        let number = lesson.number.to_string();
        let room = width()
            .saturating_sub(1 + columns(&number) + 2 + columns(&lesson.name) + columns(&of) + 6);
        let chapter = shorten(&lesson.chapter, room, marks.more);
        let dot = paint(FAINT, marks.dot);
        format!(
            " {}  {} {dot} {chapter} {dot} {of}\n",
            paint(STRONG, number),
            paint(STRONG, &lesson.name)
        )
    }

    /// The beginning of a page: the header, and a blank line.
    pub fn begin(&self) -> String {
        self.header() + "\n"
    }

    /// The whole page for a run of tests.
    pub fn verdict(&self, verdict: &Verdict, next: Option<&Lesson>) -> String {
        let mut page = self.begin();
        match verdict.conclusion() {
            Conclusion::NothingWritten if verdict.filter.is_none() => {
                self.start(&mut page, verdict)
            }
            Conclusion::NoSuchTest => self.no_such_test(&mut page, verdict.filter.as_ref()),
            sum => {
                self.groups(&mut page, verdict, self.most_named(verdict));
                page.push('\n');
                if let Some(error) = &verdict.left_out {
                    let text = format!(
                        "A test file of your own does not compile, and was left out. It does not decide: {error}"
                    );
                    paragraph(&mut page, &text);
                    page.push('\n');
                }
                match sum {
                    Conclusion::Passes if verdict.swapped => {
                        self.reference_passes(&mut page, verdict)
                    }
                    Conclusion::Passes => self.passes(&mut page, verdict, next),
                    Conclusion::PartPasses => self.part_passes(&mut page, verdict),
                    _ => self.fails(&mut page, verdict),
                }
            }
        }
        page
    }

    /// How many tests under a heading may be named above the one that is shown in full, for what is wrong with that to
    /// stand on the first screen.
    fn most_named(&self, verdict: &Verdict) -> usize {
        let Some((test, failure)) = verdict.first_failure() else {
            return usize::MAX;
        };
        let mut shown = String::new();
        self.failure(&mut shown, &test.name, failure, Length::Full);
        // Its name, and what is wrong: a paragraph each.
        let words = shown.split("\n\n").take(2).flat_map(str::lines).count() + 1;
        let lines = |most: &usize| {
            let mut groups = self.begin();
            self.groups(&mut groups, verdict, *most);
            groups.lines().count() + 1 + words
        };
        let mut fewer = (1..=MOST_NAMED).rev();
        fewer.find(|most| lines(most) <= SCREEN_LINES).unwrap_or(1)
    }

    fn groups(&self, page: &mut String, verdict: &Verdict, most: usize) {
        let open: Vec<_> = verdict.tests.iter().filter(|t| !t.passed()).collect();
        let names = names_width(&open);
        for heading in Heading::ALL {
            let tests: Vec<_> = verdict.under(heading).collect();
            if tests.is_empty() {
                continue;
            }
            let passed = tests.iter().filter(|test| test.passed()).count();
            let wrong = tests.iter().any(|test| match test.outcome {
                Outcome::Failed(_) => true,
                Outcome::NotRun => !verdict.cut_short,
                _ => false,
            });
            let mark = if passed == tests.len() {
                paint(GOOD, self.marks.good)
            } else if wrong {
                paint(BAD, self.marks.bad)
            } else {
                paint(OPEN, self.marks.open)
            };
            let whose = match passed {
                all if all == tests.len() => String::new(),
                1 => " in this one".to_owned(),
                some => format!(" in these {some}"),
            };
            let explored = verdict.explored().filter(|_| heading == Heading::RaceFreedom);
            let explored = explored.map_or_else(String::new, |all| explored_text(&whose, all));
            let title = paint(STRONG, format!("{:<13}", heading.title()));
            let count = format!("{passed} of {}", tests.len());
            let _ = write!(page, " {title} {mark} {count}");
            // Beside the count, or below it where the page is too narrow for both.
            let fits = 17 + columns(&count) + 3 + columns(&explored) <= width();
            if fits && !explored.is_empty() {
                let _ = write!(page, "   {}", paint(FAINT, &explored));
            }
            page.push('\n');
            for line in wrap(&explored, width() - 3).iter().filter(|_| !fits) {
                let _ = writeln!(page, "   {}", paint(FAINT, line));
            }
            let open = open_tests(verdict, heading);
            let mut named = open[..named_of(open.len(), most)].to_vec();
            let left_out = open.len() - named.len();
            // In the order of the lesson's files.
            named.sort_by_key(|test| tests.iter().position(|other| other.name == test.name));
            for test in named {
                self.test_line(page, test, names, verdict.cut_short);
            }
            if left_out > 0 {
                let _ = writeln!(page, "   {} and {left_out} more", self.marks.more);
            }
        }
    }

    /// One line for a test that did not pass; a second one where its name is too long for both.
    fn test_line(&self, page: &mut String, test: &Tested, names: usize, cut_short: bool) {
        let (mark, reason) = match &test.outcome {
            Outcome::Passed(_) => return,
            Outcome::Failed(failure) => (paint(BAD, self.marks.bad), failure.reason.clone()),
            Outcome::NotWritten(todo) => {
                let colon = if todo.at.is_some() { ": " } else { "" };
                let said = format!("not written yet{colon}{}", todo.place());
                (paint(OPEN, self.marks.open), said)
            }
            Outcome::NotRun if cut_short => {
                let said = "not run: the time was up".to_owned();
                (paint(OPEN, self.marks.open), said)
            }
            Outcome::NotRun => {
                let said = "missing: the lesson has this test".to_owned();
                (paint(BAD, self.marks.bad), said)
            }
        };
        let name = test.short_name();
        let fit = |text: &str, room: usize| shorten(text, room, self.marks.more);
        if columns(name) > name_columns() {
            let (name, reason) = (fit(name, width() - 5), fit(&reason, width() - 5));
            let _ = writeln!(page, "   {mark} {name}\n     {reason}");
        } else {
            let reason = fit(&reason, width() - 7 - names);
            let _ = writeln!(page, "   {mark} {name:<names$}  {reason}");
        }
    }

    fn fails(&self, page: &mut String, verdict: &Verdict) {
        if let Some(line) = verdict.unlocked_at_once {
            let file = self.lesson.file_name();
            let text = format!(
                "{file}:{line}: a guard bound to `_` unlocks at once. One with a name holds the lock to the end of the \
                 block: `let _guard = …`."
            );
            paragraph(page, &text);
            page.push('\n');
        }
        if let Some((test, failure)) = verdict.first_failure() {
            let filter = test.name.rsplit("::").next().unwrap_or(&test.name);
            let name = &self.lesson.name;
            let tool = if nextest_is_installed() { "nextest run" } else { "test" };
            let all = format!("cargo {tool} -p {name} {filter}");
            self.failure(page, &test.name, failure, Length::UpTo(REPORT_LINES, &all));
            self.fail_too(page, verdict);
        }
        let todo = self.todo_list(page, verdict, "Not written yet");
        let missing = verdict.tests.iter();
        let missing = missing.filter(|test| test.outcome == Outcome::NotRun);
        let missing: Vec<_> = missing.collect();
        if !missing.is_empty() && !verdict.cut_short {
            let text = "Some of the lesson's tests did not run. A lesson is done when all of its tests \
                        pass: bring them back, for example with";
            paragraph(page, text);
            let folder = self.lesson.exercise.display();
            for (heading, file) in [
                ("race_freedom", "src/race_freedom.rs"),
                ("correctness", "tests/correctness.rs"),
                ("no_leaks", "tests/no_leaks.rs"),
            ] {
                if missing.iter().any(|test| test.name.starts_with(heading)) {
                    let _ = writeln!(page, "   git checkout {folder}/{file}");
                }
            }
            page.push('\n');
        } else if verdict.cut_short {
            paragraph(
                page,
                "The time for all tests together was up: tests that do not end used it. Correct those first.",
            );
            page.push('\n');
        }
        self.warnings(page, verdict);
        // Where tests are missing, it has been said how to bring them back.
        if missing.is_empty() && self.tampered(page, verdict) {
            page.push('\n');
        }
        // What is wrong comes before what is not written, and is not where a todo!() is.
        self.footer(page, todo.filter(|_| verdict.first_failure().is_none()));
        self.dry_run(page, verdict);
    }

    /// The tests that fail and were not named above. Those that are not written have a list of their own.
    fn fail_too(&self, page: &mut String, verdict: &Verdict) {
        let most = self.most_named(verdict);
        let unnamed = Heading::ALL.into_iter().flat_map(|heading| {
            let open = open_tests(verdict, heading);
            open[named_of(open.len(), most)..].to_vec()
        });
        let is_written = |test: &&Tested| !matches!(test.outcome, Outcome::NotWritten(_));
        let unnamed: Vec<_> = unnamed.filter(is_written).collect();
        let names = names_width(&unnamed);
        if !unnamed.is_empty() {
            paragraph(page, "These fail too:");
            for test in unnamed {
                self.test_line(page, test, names, verdict.cut_short);
            }
            page.push('\n');
        }
    }

    /// A failure: the test that shows it, what that test is for, and its report.
    pub fn failure(&self, page: &mut String, test: &str, failure: &Failure, length: Length<'_>) {
        self.test(page, test);
        self.report(page, failure, length);
        if failure.report.is_empty() {
            let _ = writeln!(page, " The test {}, and printed nothing.", failure.reason);
        } else if failure.hung {
            let _ = writeln!(page, "\n The test {}.", failure.reason);
        }
        page.push('\n');
    }

    /// The name of a test and what it is for.
    pub fn test(&self, page: &mut String, test: &str) {
        let comment = lesson_tests::purpose(self.workspace, self.lesson, test);
        let name = test.split_once("::").map_or(test, |(_, name)| name);
        named(page, name, comment.as_deref());
        page.push('\n');
    }

    /// The report of a failure.
    fn report(&self, page: &mut String, failure: &Failure, length: Length<'_>) {
        let (most, all) = match length {
            Length::UpTo(lines, all) => (lines, format!(". All of them: {all}")),
            Length::Full => (usize::MAX, String::new()),
        };
        let is_flood = failure.kind == FailureKind::Flood;
        // What a flood says, it says again and again.
        let most = if is_flood { FLOOD_LINES } else { most };
        let lines: Vec<&str> = failure.report.lines().collect();
        if lines.len() <= most {
            picture(page, &lines);
            return;
        }
        // What decides stands at the end of a dry run, and how it came to that at the beginning.
        let tail = if is_flood { 0 } else { most * 2 / 3 };
        picture(page, &lines[..most - tail]);
        let left_out = lines.len() - most;
        let _ = writeln!(page, " {} {left_out} more lines{all}", self.marks.more);
        picture(page, &lines[lines.len() - tail..]);
    }

    /// What is left to write, in the order of the file: a test comes only to the first `todo!()` on its way.
    fn todo_list(&self, page: &mut String, verdict: &Verdict, title: &str) -> Option<u32> {
        let reached = verdict.todos();
        if reached.is_empty() {
            return None;
        }
        let in_file = lesson_tests::todos(&self.source());
        let first = in_file.first().map(|(line, _)| *line);
        let file = self.lesson.file_name();
        let in_file = in_file.into_iter();
        let in_file = in_file.map(|(line, text)| (format!("{file}:{line}"), text));
        let mut all: Vec<(String, String)> = in_file.collect();
        for todo in reached {
            let at = todo.place();
            // Without a line, which a narrow report may have broken in two, it is one of those in the file.
            let known = |(other, _): &(String, String)| at.is_empty() || *other == at;
            if !all.iter().any(known) {
                all.push((at, todo.text.clone()));
            }
        }
        let _ = writeln!(page, " {}", paint(STRONG, title));
        let widest = all.iter().map(|(at, _)| columns(at)).max();
        let widest = widest.unwrap_or_default();
        let room = width().saturating_sub(5 + widest).max(20);
        for (at, text) in &all {
            let text = if text.is_empty() { "todo!()" } else { text };
            let first = format!("   {at:<widest$}  ");
            behind(page, &first, &" ".repeat(5 + widest), text, room);
        }
        page.push('\n');
        first
    }

    /// The page of a lesson that is still to be begun.
    fn start(&self, page: &mut String, verdict: &Verdict) {
        let about = &self.lesson.about;
        let parts = [&about.title, &about.description];
        let parts = parts.map(|part| part.trim_end_matches('.'));
        let parts = parts.iter().filter(|part| !part.is_empty());
        let intro: String = parts.map(|part| format!("{part}. ")).collect();
        paragraph(page, &intro);
        let mut facts = Vec::new();
        if !about.go.is_empty() {
            facts.push(format!("In Go: {}", about.go));
        }
        if about.minutes > 0 {
            facts.push(format!("about {} minutes", about.minutes));
        }
        facts.extend(about.concepts.iter().cloned());
        for line in wrap(&facts.join(&format!(" {} ", self.marks.dot)), width() - 1) {
            let _ = writeln!(page, " {}", paint(FAINT, line));
        }
        page.push('\n');
        let waiting = Heading::ALL.into_iter();
        let waiting = waiting.filter_map(|heading| {
            let tests = verdict.under(heading).count();
            let text = format!("{} {tests}", heading.title());
            (tests > 0).then(|| text.replace(' ', &NO_BREAK.to_string()))
        });
        let waiting = waiting.collect::<Vec<_>>().join(", ");
        let tests = verdict.tests.len();
        let plural = if tests == 1 { " waits" } else { "s wait" };
        let text = format!("Nothing is written yet. {tests} test{plural}: {waiting}.");
        paragraph(page, &text);
        page.push('\n');
        let line = self.todo_list(page, verdict, "To write");
        row(page, "Read", self.lesson.readme().display());
        row(page, "Edit", self.edit(line));
        row(page, "Then", self.again());
        row(page, "Stuck", self.hint());
    }

    fn passes(&self, page: &mut String, verdict: &Verdict, next: Option<&Lesson>) {
        let tests = verdict.of_lesson();
        let all = match tests {
            1 => "its test passes".to_owned(),
            _ => format!("all {tests} tests pass"),
        };
        let name = paint(STRONG, &self.lesson.name);
        let praise = match verdict.explored() {
            Some(explored) if !explored.exhaustive => {
                "The time ran out before every interleaving was seen: fewer locks and atomic operations would leave fewer."
            }
            _ => "Well done.",
        };
        let text = format!("{name} is done: {all}. {praise}");
        signed(page, &paint(GOOD, self.marks.good), &text);
        if verdict.under(Heading::Own).any(|test| !test.passed()) {
            paragraph(page, "Tests of your own fail. They do not decide.");
        }
        let changed = missed(self.workspace, self.lesson, &self.source());
        if !changed.is_empty() {
            paragraph(
                page,
                "No test tells what callers may do with a signature that is not the lesson's:",
            );
            self.differences(page, &changed);
        }
        self.warnings(page, verdict);
        self.tampered(page, verdict);
        page.push('\n');
        match next {
            Some(next) => {
                let Lesson { name, number, about, .. } = next;
                let chapter = match next.chapter == self.lesson.chapter {
                    true => String::new(),
                    false => format!(", chapter {}: {}", number.chapter, next.chapter),
                };
                let title = if about.title.is_empty() { name } else { &about.title };
                let text = format!("{number} {name} {} {title}{chapter}", self.marks.dot);
                row(page, "Next", shorten(&text, width() - 8, self.marks.more));
                row(page, "Read", next.readme().display());
                row(page, "Edit", next.file().display());
                row(page, "Start", "cargo xtask next");
            }
            None => {
                paragraph(page, &all_done(self.workspace));
            }
        }
    }

    /// What passes is not the learner's doing.
    fn reference_passes(&self, page: &mut String, verdict: &Verdict) {
        let mark = paint(GOOD, self.marks.good);
        let tests = count(verdict.of_lesson(), "test");
        let _ = writeln!(page, " {mark} The reference passes: {tests}.");
        self.warnings(page, verdict);
    }

    fn part_passes(&self, page: &mut String, verdict: &Verdict) {
        let name = &self.lesson.name;
        let filter = verdict.filter.as_ref();
        let filter = filter.map_or_else(String::new, ToString::to_string);
        let text = format!("Every test that has `{filter}` in its name passes.");
        signed(page, &paint(GOOD, self.marks.good), &text);
        let _ = writeln!(page, " The lesson is done when all do:\n");
        row(page, "Then", format!("cargo xtask test {name}"));
    }

    fn no_such_test(&self, page: &mut String, filter: Option<&Filter>) {
        let filter = filter.map_or_else(String::new, ToString::to_string);
        let name = &self.lesson.name;
        let text = format!("No test of {name} has `{filter}` in its name. It has");
        paragraph(page, &text);
        for name in lesson_tests::expected(self.workspace, self.lesson) {
            let _ = writeln!(page, "   {name}");
        }
    }

    /// The command that shows why a model fails, if something else is shown.
    fn dry_run(&self, page: &mut String, verdict: &Verdict) {
        let shown = verdict.first_failure().map(|(test, _)| test.heading);
        let fails = |test: &&Tested| matches!(test.outcome, Outcome::Failed(_));
        let mut models = verdict.under(Heading::RaceFreedom).filter(fails);
        if let Some(model) = models.find(|test| test.name != FACADE_TEST)
            && shown != Some(Heading::RaceFreedom)
        {
            let (name, model) = (&self.lesson.name, model.short_name());
            row(page, "See", format!("cargo xtask dry-run {name} {model}"));
        }
    }

    /// Says which files are not as they were shipped, if there are any.
    fn tampered(&self, page: &mut String, verdict: &Verdict) -> bool {
        let (mut paths, mut what) = (Vec::new(), Vec::new());
        for (path, change) in &verdict.tampered {
            paths.push(self.lesson.exercise.join(path).display().to_string());
            what.push(format!("{} was {change}", path.display()));
        }
        if paths.is_empty() {
            return false;
        }
        let text = format!(
            "These are not the tests that the lesson was shipped with: {}. To bring them back:",
            what.join(", ")
        );
        paragraph(page, &text);
        let _ = writeln!(page, "   git checkout {}", paths.join(" "));
        true
    }

    fn warnings(&self, page: &mut String, verdict: &Verdict) {
        if verdict.warnings > 0 {
            let (warnings, name) = (count(verdict.warnings, "warning"), &self.lesson.name);
            let text = format!("rustc has {warnings} for it: cargo check -p {name}");
            paragraph(page, &text);
            if verdict.conclusion() != Conclusion::Passes {
                page.push('\n');
            }
        }
    }

    /// The learner's file as it is; nothing where there is none.
    pub fn source(&self) -> String {
        fs::read_to_string(self.workspace.path(self.lesson.file())).unwrap_or_default()
    }

    fn footer(&self, page: &mut String, line: Option<u32>) {
        row(page, "Edit", self.edit(line));
        self.after_edit(page);
    }

    /// The rows below the one that says what to edit.
    pub fn after_edit(&self, page: &mut String) {
        row(page, "Read", self.lesson.readme().display());
        row(page, "Then", self.again());
        row(page, "Stuck", self.hint());
    }

    /// The file to edit, and the line where one is known.
    pub fn edit(&self, line: Option<u32>) -> String {
        let file = self.lesson.file().display().to_string();
        line.map_or_else(|| file.clone(), |line| format!("{file}:{line}"))
    }

    /// The command that judges the lesson again.
    pub fn again(&self) -> String {
        if self.current {
            "cargo xtask next".to_owned()
        } else {
            format!("cargo xtask test {}", self.lesson.name)
        }
    }

    fn hint(&self) -> String {
        if self.current {
            "cargo xtask hint".to_owned()
        } else {
            format!("cargo xtask hint {}", self.lesson.name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::select;
    use crate::run::TestRun;
    use crate::term::{UNICODE, plain};
    use crate::verdict::tests::{raw, verdict};

    /// The page of a lesson with these tests.
    fn text(runs: Vec<TestRun>, names: &[&str]) -> String {
        let workspace = select::tests::workspace(&["wait_group"]);
        let page = LessonPage::of(&workspace, &workspace.lessons[0], UNICODE);
        plain(&page.verdict(&verdict(runs, names, None), None))
    }

    /// Its words.
    fn words(runs: Vec<TestRun>, names: &[&str]) -> String {
        let text = text(runs, names);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    const PANIC: &str = "thread 'x' panicked at a.rs:1:1:\nboom\n";

    /// The page of a lesson whose one model passed with `line`, and whose other one failed where it is told.
    fn page(line: &str, fails: bool) -> String {
        let names = ["race_freedom::a", "race_freedom::b"];
        let model = TestRun {
            stdout: format!("passes: {line}\ntest result: ok. 1 passed; 0 failed\n"),
            ..raw(names[0], None)
        };
        let other = raw(names[1], fails.then_some(PANIC));
        words(vec![model, other], &names)
    }

    #[test]
    fn of_many_models_that_fail_some_are_named() {
        let names = ["a", "b", "c", "d", "e", "f", "g"].map(|name| format!("race_freedom::{name}"));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let fail = |names: &[&str]| {
            let runs = names.iter().map(|name| raw(name, Some(PANIC)));
            words(runs.collect(), names)
        };
        let (six, seven) = (fail(&names[..6]), fail(&names));
        assert!(six.contains("✗ f boom") && !six.contains("more"), "{six}");
        assert!(seven.contains("0 of 7") && seven.contains("… and 2 more"), "{seven}");
        assert!(seven.contains("These fail too: ✗ f boom ✗ g boom"), "{seven}");
    }

    /// However many fail, and however much is to be said of the one that is shown.
    #[test]
    fn what_is_wrong_stands_on_the_first_screen() {
        let names: Vec<String> = ["correctness", "race_freedom", "no_leaks"]
            .iter()
            .flat_map(|file| (0..9).map(move |n| format!("{file}::{}{n}", "a".repeat(38))))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for lines in 0..=6 {
            let said = format!(
                "fails: deadlock\n\nDeadlock: no thread can go on.\n{}  LAST\n\n  main\n1 spawn\n",
                "  main sleeps\n".repeat(lines)
            );
            let runs = names.iter().map(|name| raw(name, Some(&said))).collect();
            let text = text(runs, &names);
            let screen: Vec<&str> = text.lines().take(SCREEN_LINES).collect();
            assert!(screen.iter().any(|line| line.contains("LAST")), "{text}");
        }
    }

    #[test]
    fn a_pass_that_ran_out_of_time_is_not_told_well_done() {
        let whole = page("9 interleavings explored, exhaustively", false);
        assert!(whole.contains("2 of 2 9 interleavings explored, all there are"), "{whole}");
        assert!(whole.contains("Well done."), "{whole}");
        for (covered, says) in [
            ("", "not all: the time ran out"),
            (
                ", all with at most 1 preemption among them",
                "every one with at most 1 forced switch; the time ran out beyond",
            ),
            (
                ", all with at most 2 preemptions among them",
                "every one with at most 2 forced switches; the time ran out beyond",
            ),
        ] {
            let line = format!("90000 interleavings explored{covered}, then the time ran out");
            let cut = page(&line, false);
            assert!(cut.contains(&format!("90,000 interleavings explored, {says}")), "{cut}");
            assert!(cut.contains("The time ran out before"), "{cut}");
            assert!(!cut.contains("Well done"), "{cut}");
        }
    }

    #[test]
    fn interleavings_of_the_models_that_pass_are_called_so() {
        let some = page("1 interleaving explored, exhaustively", true);
        assert!(
            some.contains("1 of 2 1 interleaving explored in this one, all there are"),
            "{some}"
        );
    }
}
