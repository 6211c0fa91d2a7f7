//! A verdict for the eye: as wide as prose may be, the groups first, then the first failure in full, then what to do.

use std::fmt::Write;
use std::fs;

use harness::page::{Ink, coloured};

use crate::outcome::{Failure, Outcome, Place, Wrong};
use crate::run::Filter;
use crate::style::{
    BAD, FAINT, GOOD, Marks, OPEN, STRONG, columns, paint, shorten, terminal_width, width, wrap,
};
use crate::tests_of;
use crate::verdict::{Explored, Heading, Sum, Tested, Verdict};
use crate::versions::words::count;
use crate::workspace::{Lesson, Status, Workspace};

/// The most lines of a failure that a verdict shows. The tallest dry runs have about half as many.
const REPORT_LINES: usize = 90;

/// The most lines that it shows of a test that was stopped because it printed without end.
const FLOOD_LINES: usize = 6;

/// The longest name of a test that shares its line with a reason.
fn name_columns() -> usize {
    width() * 11 / 20
}

/// Stands for a space at which a line is not to be broken, until it is.
const NO_BREAK: &str = "\u{a0}";

/// What is rendered: a lesson in its workspace, with the marks to do it in.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
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

impl<'a> Page<'a> {
    /// The page of a command that is told which lesson it is about.
    pub fn of(workspace: &'a Workspace, lesson: &'a Lesson, marks: Marks) -> Self {
        Self {
            workspace,
            lesson,
            marks,
            current: false,
        }
    }
}

impl Page<'_> {
    /// ` 2.2  wait_group · Goroutines and wait groups · lesson 6 of 65`
    pub fn header(&self) -> String {
        let Page {
            workspace,
            lesson,
            marks,
            ..
        } = self;
        let of = match lesson.about.status {
            Some(Status::ToBeWritten) => "to be written".to_owned(),
            None => format!(
                "lesson {} of {}",
                workspace.position(lesson),
                workspace.lessons.len()
            ),
        };
        let number = lesson.number.to_string();
        let room = width()
            .saturating_sub(1 + columns(&number) + 2 + columns(&lesson.name) + columns(&of) + 6);
        let chapter = shorten(&lesson.chapter, room, *marks);
        let dot = paint(FAINT, marks.dot);
        format!(
            " {}  {} {dot} {chapter} {dot} {of}\n",
            paint(STRONG, number),
            paint(STRONG, &lesson.name)
        )
    }

    /// The whole page for a run of tests.
    pub fn verdict(&self, verdict: &Verdict, next: Option<&Lesson>) -> String {
        let mut page = self.header();
        page.push('\n');
        match verdict.sum() {
            Sum::NothingWritten if verdict.filter.is_none() => self.start(&mut page, verdict),
            Sum::NoSuchTest => self.no_such_test(&mut page, verdict.filter.as_ref()),
            sum => {
                self.groups(&mut page, verdict);
                page.push('\n');
                match sum {
                    Sum::Passes if verdict.swapped => self.reference_passes(&mut page, verdict),
                    Sum::Passes => self.passes(&mut page, verdict, next),
                    Sum::PartPasses => self.part_passes(&mut page, verdict),
                    _ => self.fails(&mut page, verdict),
                }
            }
        }
        page
    }

    fn groups(&self, page: &mut String, verdict: &Verdict) {
        let names = verdict
            .tests
            .iter()
            .filter(|test| !matches!(test.outcome, Outcome::Passed(_)))
            .map(|test| columns(test.short_name()))
            .filter(|name| *name <= name_columns())
            .max()
            .unwrap_or_default();
        for heading in Heading::ALL {
            let tests: Vec<_> = verdict.under(heading).collect();
            if tests.is_empty() {
                continue;
            }
            let passed = tests
                .iter()
                .filter(|test| matches!(test.outcome, Outcome::Passed(_)))
                .count();
            let wrong = tests.iter().any(|test| match test.outcome {
                Outcome::Wrong(_) => true,
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
            let explored = (heading == Heading::RaceFreedom)
                .then(|| verdict.explored())
                .flatten();
            let whose = match passed {
                all if all == tests.len() => String::new(),
                1 => " in this one".to_owned(),
                some => format!(" in these {some}"),
            };
            let explored =
                explored.map_or_else(String::new, |explored| explored_in(&whose, explored));
            let title = paint(STRONG, format!("{:<13}", heading.title()));
            let count = format!("{passed} of {}", tests.len());
            let _ = write!(page, " {title} {mark} {count}");
            // Beside the count, or below it where the page is too narrow for both.
            if explored.is_empty() {
                page.push('\n');
            } else if 17 + columns(&count) + 3 + columns(&explored) <= width() {
                let _ = writeln!(page, "   {}", paint(FAINT, explored));
            } else {
                page.push('\n');
                for line in wrap(&explored, width() - 3) {
                    let _ = writeln!(page, "   {}", paint(FAINT, line));
                }
            }
            for test in tests {
                self.test_line(page, test, names, verdict.cut_short);
            }
        }
    }

    /// One line for a test that did not pass; a second one where its name is too long for both.
    fn test_line(&self, page: &mut String, test: &Tested, names: usize, cut_short: bool) {
        let (mark, reason) = match &test.outcome {
            Outcome::Passed(_) => return,
            Outcome::Wrong(wrong) => (paint(BAD, self.marks.bad), wrong.reason.clone()),
            Outcome::NotWritten(todo) => {
                let place = todo
                    .place
                    .as_ref()
                    .map_or_else(String::new, |place| format!(": {}", place.short()));
                (
                    paint(OPEN, self.marks.open),
                    format!("not written yet{place}"),
                )
            }
            Outcome::NotRun if cut_short => (
                paint(OPEN, self.marks.open),
                "not run: the time was up".to_owned(),
            ),
            Outcome::NotRun => (
                paint(BAD, self.marks.bad),
                "missing: the lesson has this test".to_owned(),
            ),
        };
        let name = test.short_name();
        if columns(name) > name_columns() {
            let _ = writeln!(page, "   {mark} {}", shorten(name, width() - 5, self.marks));
            let _ = writeln!(page, "     {}", shorten(&reason, width() - 5, self.marks));
        } else {
            let reason = shorten(&reason, width() - 7 - names, self.marks);
            let _ = writeln!(page, "   {mark} {name:<names$}  {reason}");
        }
    }

    fn fails(&self, page: &mut String, verdict: &Verdict) {
        if let Some((test, wrong)) = verdict.first_wrong() {
            let filter = test.name.rsplit("::").next().unwrap_or(&test.name);
            let all = format!("cargo nextest run -p {} {filter}", self.lesson.name);
            self.failure(page, &test.name, wrong, Length::UpTo(REPORT_LINES, &all));
        }
        let todo = self.todo_list(page, verdict, "Not written yet");
        let missing: Vec<_> = verdict
            .tests
            .iter()
            .filter(|test| test.outcome == Outcome::NotRun)
            .collect();
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
        // What is wrong comes before what is not written, and is not where a todo!() is.
        self.footer(page, todo.filter(|_| verdict.first_wrong().is_none()));
    }

    /// A failure: the test that shows it, what that test is for, and its report.
    pub fn failure(&self, page: &mut String, test: &str, wrong: &Wrong, length: Length<'_>) {
        self.test(page, test);
        self.report(page, wrong, length);
        if wrong.report.is_empty() {
            let _ = writeln!(page, " The test {}, and printed nothing.", wrong.reason);
        } else if wrong.hung {
            let _ = writeln!(page, "\n The test {}.", wrong.reason);
        }
        page.push('\n');
    }

    /// The name of a test and what it is for.
    pub fn test(&self, page: &mut String, test: &str) {
        let comment = tests_of::comment(self.workspace, self.lesson, test);
        let name = test.split_once("::").map_or(test, |(_, name)| name);
        named(page, name, comment.as_deref());
        page.push('\n');
    }

    /// The report of a failure.
    fn report(&self, page: &mut String, wrong: &Wrong, length: Length<'_>) {
        let (most, all) = match length {
            Length::UpTo(lines, all) => (lines, format!(". All of them: {all}")),
            Length::Full => (usize::MAX, String::new()),
        };
        // What a flood says, it says again and again.
        let most = if wrong.kind == Failure::Flood {
            FLOOD_LINES
        } else {
            most
        };
        let lines: Vec<&str> = wrong.report.lines().collect();
        picture(page, &lines[..most.min(lines.len())]);
        if lines.len() > most {
            let _ = writeln!(
                page,
                " {} {} more lines{all}",
                self.marks.more,
                lines.len() - most,
            );
        }
    }

    /// What is left to write, in the order of the file: a test comes only to the first `todo!()` on its way.
    fn todo_list(&self, page: &mut String, verdict: &Verdict, title: &str) -> Option<u32> {
        let reached = verdict.todos();
        if reached.is_empty() {
            return None;
        }
        let source =
            fs::read_to_string(self.workspace.path(self.lesson.file())).unwrap_or_default();
        let in_file = tests_of::todos(&source);
        let first = in_file.first().map(|(line, _)| *line);
        let file = self.lesson.file_name();
        let mut all: Vec<(String, String)> = in_file
            .into_iter()
            .map(|(line, text)| (format!("{file}:{line}"), text))
            .collect();
        for todo in reached {
            let place = todo.place.as_ref().map_or_else(String::new, Place::short);
            // Without a place, which a narrow report may have broken in two, it is one of those in the file.
            if place.is_empty() && !all.is_empty() {
                continue;
            }
            if !all.iter().any(|(other, _)| *other == place) {
                all.push((place, todo.text.clone()));
            }
        }
        let _ = writeln!(page, " {}", paint(STRONG, title));
        let places = all
            .iter()
            .map(|(place, _)| columns(place))
            .max()
            .unwrap_or_default();
        for (place, text) in &all {
            let text = if text.is_empty() {
                "todo!()"
            } else {
                text.as_str()
            };
            let room = width().saturating_sub(5 + places).max(20);
            for (i, line) in wrap(text, room).iter().enumerate() {
                let place = if i == 0 { place } else { "" };
                let _ = writeln!(page, "   {place:<places$}  {line}");
            }
        }
        page.push('\n');
        first
    }

    /// The page of a lesson that is still to be begun.
    fn start(&self, page: &mut String, verdict: &Verdict) {
        let about = &self.lesson.about;
        let mut intro = String::new();
        for part in [&about.title, &about.description] {
            let part = part.trim_end_matches('.');
            if !part.is_empty() {
                let _ = write!(intro, "{part}. ");
            }
        }
        paragraph(page, &intro);
        let mut facts = Vec::new();
        if !about.go.is_empty() {
            facts.push(format!("In Go: {}", about.go));
        }
        if about.minutes > 0 {
            facts.push(format!("about {} minutes", about.minutes));
        }
        facts.extend(about.concepts.iter().cloned());
        if !facts.is_empty() {
            for line in wrap(&facts.join(&format!(" {} ", self.marks.dot)), width() - 1) {
                let _ = writeln!(page, " {}", paint(FAINT, line));
            }
        }
        page.push('\n');
        let waiting: Vec<String> = Heading::ALL
            .into_iter()
            .map(|heading| (heading, verdict.under(heading).count()))
            .filter(|(_, tests)| *tests > 0)
            .map(|(heading, tests)| format!("{} {tests}", heading.title()).replace(' ', NO_BREAK))
            .collect();
        let tests = verdict.tests.len();
        let plural = if tests == 1 { " waits" } else { "s wait" };
        let text = format!(
            "Nothing is written yet. {tests} test{plural}: {}.",
            waiting.join(", ")
        );
        for line in wrap(&text, width() - 1) {
            let _ = writeln!(page, " {}", line.replace(NO_BREAK, " "));
        }
        page.push('\n');
        let line = self.todo_list(page, verdict, "To write");
        row(page, "Read", self.lesson.readme().display());
        row(page, "Edit", self.edit(line));
        row(page, "Then", self.again());
        row(page, "Stuck", self.hint());
    }

    fn passes(&self, page: &mut String, verdict: &Verdict, next: Option<&Lesson>) {
        let tests = verdict.of_lesson();
        let all = if tests == 1 {
            "its test passes".to_owned()
        } else {
            format!("all {tests} tests pass")
        };
        let name = paint(STRONG, &self.lesson.name);
        let praise = match verdict.explored() {
            Some(Explored {
                exhaustive: false, ..
            }) => {
                "The time ran out before every interleaving was seen: fewer steps would leave enough of it."
            }
            _ => "Well done.",
        };
        let text = format!("{name} is done: {all}. {praise}");
        signed(page, &paint(GOOD, self.marks.good), &text);
        let fails = |test: &Tested| !matches!(test.outcome, Outcome::Passed(_));
        if verdict.under(Heading::Own).any(fails) {
            paragraph(page, "Tests of your own fail. They do not decide.");
        }
        self.warnings(page, verdict);
        page.push('\n');
        match next {
            Some(next) => {
                let chapter = if next.chapter == self.lesson.chapter {
                    String::new()
                } else {
                    format!(", chapter {}: {}", next.number.chapter, next.chapter)
                };
                let title = if next.about.title.is_empty() {
                    &next.name
                } else {
                    &next.about.title
                };
                let text = format!(
                    "{} {} {} {title}{chapter}",
                    next.number, next.name, self.marks.dot
                );
                row(page, "Next", shorten(&text, width() - 8, self.marks));
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
        let filter = verdict
            .filter
            .as_ref()
            .map_or_else(String::new, ToString::to_string);
        let text = format!("Every test that has `{filter}` in its name passes.");
        signed(page, &paint(GOOD, self.marks.good), &text);
        let _ = writeln!(page, " The lesson is done when all do:\n");
        row(
            page,
            "Then",
            format!("cargo xtask test {}", self.lesson.name),
        );
    }

    fn no_such_test(&self, page: &mut String, filter: Option<&Filter>) {
        let filter = filter.map_or_else(String::new, ToString::to_string);
        let name = &self.lesson.name;
        paragraph(
            page,
            &format!("No test of {name} has `{filter}` in its name. It has"),
        );
        for name in tests_of::expected(self.workspace, self.lesson) {
            let _ = writeln!(page, "   {name}");
        }
    }

    /// The page for a lesson that cannot be built: rustc first.
    pub fn not_built(&self, said: &str) -> String {
        let mut page = format!("{}\n\n{}\n", said.trim_end(), self.header());
        let plain = anstream::adapter::strip_str(said).to_string();
        let place = first_error_place(&plain);
        let own = place
            .as_ref()
            .is_none_or(|place| place.file.ends_with(&self.lesson.file_name()));
        let name = &self.lesson.name;
        let gone = !self.workspace.path(self.lesson.file()).exists();
        if gone {
            paragraph(
                &mut page,
                &format!(
                    "Your file is not there. `cargo xtask restore {name} --list` shows what the runner has kept of \
                     it, and `cargo xtask reset {name}` puts the stub there."
                ),
            );
        } else if plain.contains("error") && place.is_some() {
            paragraph(
                &mut page,
                "It does not compile yet. The first error above is the one to begin with.",
            );
        } else {
            paragraph(
                &mut page,
                "cargo could not build it; what it says stands above.",
            );
        }
        page.push('\n');
        match place {
            _ if gone => row(&mut page, "Edit", self.edit(None)),
            Some(place) if !own => row(&mut page, "Edit", format!("{}:{}", place.file, place.line)),
            place => row(&mut page, "Edit", self.edit(place.map(|place| place.line))),
        }
        row(&mut page, "Read", self.lesson.readme().display());
        row(&mut page, "Then", self.again());
        row(&mut page, "Stuck", self.hint());
        page
    }

    fn warnings(&self, page: &mut String, verdict: &Verdict) {
        if verdict.warnings > 0 {
            let s = if verdict.warnings == 1 { "" } else { "s" };
            let (n, name) = (verdict.warnings, &self.lesson.name);
            paragraph(
                page,
                &format!("rustc has {n} warning{s} for it: cargo check -p {name}"),
            );
            if verdict.sum() != Sum::Passes {
                page.push('\n');
            }
        }
    }

    fn footer(&self, page: &mut String, line: Option<u32>) {
        row(page, "Edit", self.edit(line));
        row(page, "Read", self.lesson.readme().display());
        row(page, "Then", self.again());
        row(page, "Stuck", self.hint());
    }

    /// The file to edit, and the line where one is known.
    pub fn edit(&self, line: Option<u32>) -> String {
        let file = self.lesson.file();
        line.map_or_else(
            || file.display().to_string(),
            |line| format!("{}:{line}", file.display()),
        )
    }

    fn again(&self) -> String {
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

/// When there is nothing left to do.
pub fn all_done(workspace: &Workspace) -> String {
    let n = workspace.lessons.len();
    match n {
        0 => "There are no lessons here yet.".to_owned(),
        1 => "The one lesson that there is is done.".to_owned(),
        _ => {
            format!("All {n} lessons are done. `cargo xtask test LESSON` runs any of them again.")
        }
    }
}

/// ` name: text`, wrapped.
pub fn named(page: &mut String, name: &str, text: Option<&str>) {
    let text = text.map_or_else(|| name.to_owned(), |text| format!("{name}: {text}"));
    for (i, line) in wrap(&text, width() - 1).iter().enumerate() {
        // Painted only now, so that colours take no room.
        let line = if i == 0 {
            line.replacen(name, &paint(STRONG, name), 1)
        } else {
            line.clone()
        };
        let _ = writeln!(page, " {line}");
    }
}

/// ` ✓ text`, wrapped.
pub fn signed(page: &mut String, sign: &str, text: &str) {
    for (i, line) in wrap(text, width() - 3).iter().enumerate() {
        let sign = if i == 0 { sign } else { " " };
        let _ = writeln!(page, " {sign} {line}");
    }
}

/// `text`, wrapped.
pub fn paragraph(page: &mut String, text: &str) {
    for line in wrap(text, width() - 1) {
        let _ = writeln!(page, " {line}");
    }
}

/// ` Edit   exercises/…`
pub fn row(page: &mut String, word: &str, text: impl std::fmt::Display) {
    let _ = writeln!(page, " {}  {text}", paint(STRONG, format!("{word:<5}")));
}

/// What models explored, in words.
pub fn explored_text(explored: Explored) -> String {
    explored_in("", explored)
}

/// The same, of the tests that `whose` names.
fn explored_in(whose: &str, explored: Explored) -> String {
    let n = explored.interleavings;
    let s = if n == 1 { "" } else { "s" };
    let how = match (explored.exhaustive, explored.bounded) {
        (true, false) => "all there are".to_owned(),
        (true, true) => "all within the stated bounds".to_owned(),
        (false, _) => explored.covered.map_or_else(
            || "not all: the time ran out".to_owned(),
            |bound| {
                let es = if bound == 1 { "" } else { "es" };
                format!("every one with at most {bound} forced switch{es}; the time ran out beyond")
            },
        ),
    };
    format!("{} interleaving{s} explored{whose}, {how}", thousands(n))
}

/// `25300` as `25,300`.
pub fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Lines of a report. A dry run is made for the terminal's width already; anything else is made to fit.
pub fn picture(page: &mut String, lines: &[&str]) {
    let terminal = terminal_width();
    let shown: Vec<String> = lines.iter().flat_map(|line| fold(line, terminal)).collect();
    // As wide as the terminal where it has to be, else in line with the rest of the page.
    let margin = if shown.iter().all(|line| columns(line) < terminal) {
        " "
    } else {
        ""
    };
    let mut text = String::new();
    for line in shown {
        let _ = writeln!(text, "{}", format!("{margin}{line}").trim_end());
    }
    // Where lines were left out, the mark that ends an ink may be among them.
    if text.contains(|c| Ink::of_mark(c).is_some()) {
        text.push(Ink::Plain.mark());
    }
    page.push_str(&coloured(&text));
}

/// A line that is wider than `columns_there` in several, broken between words where there are some.
fn fold(line: &str, columns_there: usize) -> Vec<String> {
    if columns(line) <= columns_there || line.contains('\x1b') {
        return vec![line.to_owned()];
    }
    let indent = &line[..line.len() - line.trim_start().len()];
    let width = (columns_there - 1).saturating_sub(columns(indent)).max(20);
    let mut parts = Vec::new();
    for part in wrap(line, width) {
        let letters: Vec<char> = part.chars().collect();
        parts.extend(
            letters
                .chunks(width)
                .map(|part| format!("{indent}{}", part.iter().collect::<String>())),
        );
    }
    parts
}

/// The place that rustc's first error points at.
pub fn first_error_place(said: &str) -> Option<Place> {
    let from_error = if said.starts_with("error") {
        0
    } else {
        said.find("\nerror")?
    };
    said[from_error..].lines().find_map(|line| {
        let mut parts = line.trim_start().strip_prefix("--> ")?.rsplitn(3, ':');
        let (_column, line, file) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
        Some(Place {
            file: file.to_owned(),
            line,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Raw;
    use crate::select;
    use crate::style::UNICODE;
    use crate::verdict::tests::{raw, verdict};

    /// The page of a lesson whose one model passed with `line`, and whose other one failed where it is told.
    fn page(line: &str, fails: bool) -> String {
        let workspace = select::tests::workspace(&["wait_group"]);
        let page = Page {
            workspace: &workspace,
            lesson: &workspace.lessons[0],
            marks: UNICODE,
            current: false,
        };
        let names = ["race_freedom::a", "race_freedom::b"];
        let model = Raw {
            stdout: format!("passes: {line}\ntest result: ok. 1 passed; 0 failed\n"),
            ..raw(names[0], None)
        };
        let panic = "thread 'x' panicked at a.rs:1:1:\nboom\n";
        let other = raw(names[1], fails.then_some(panic));
        let text = page.verdict(&verdict(vec![model, other], &names, None), None);
        let words = anstream::adapter::strip_str(&text).to_string();
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_pass_that_ran_out_of_time_is_not_told_well_done() {
        let whole = page("9 interleavings explored, exhaustively", false);
        assert!(
            whole.contains("2 of 2 9 interleavings explored, all there are"),
            "{whole}"
        );
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
            assert!(
                cut.contains(&format!("90,000 interleavings explored, {says}")),
                "{cut}"
            );
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

    #[test]
    fn what_fits_the_terminal_is_not_folded() {
        let line = format!("  {}", "word ".repeat(20).trim_end());
        assert_eq!(fold(&line, 101), [line.as_str()]);
        let folded = fold(&line, 100);
        assert_eq!(folded.len(), 2);
        assert!(
            folded.iter().all(|part| part.starts_with("  word")),
            "{folded:?}"
        );
    }

    #[test]
    fn marks_take_no_room_and_become_colours() {
        let (bad, end) = (Ink::Bad.mark(), Ink::Plain.mark());
        let line = format!("{bad}Panic{end} {}", "x".repeat(73));
        assert_eq!(fold(&line, 79), [line.as_str()]);
        let mut page = String::new();
        picture(&mut page, &[&line]);
        assert_eq!(
            page,
            format!(
                " \u{1b}[1m\u{1b}[31mPanic\u{1b}[0m {}\n\u{1b}[0m",
                "x".repeat(73)
            )
        );
    }
}
