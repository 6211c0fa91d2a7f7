//! `cargo xtask dry-run LESSON [TEST] [--solution]`: one interleaving of a model, step by step.

use anyhow::Result;
use harness_base::protocol::{Coverage, find_dry_runs};

use super::Exit;
use crate::course::lesson_tests::{self, MODELS};
use crate::course::select::{self, NoSuchName};
use crate::course::{Lesson, Workspace, readme};
use crate::run::cargo::{self, NotBuilt, Tests};
use crate::run::executor::{NoJob, job_of, run_all};
use crate::run::report_page::Passing;
use crate::run::{Runner, SourceLine, TestRun};
use crate::term::{self, GOOD, Marks, OPEN, paint};
use crate::verdict::Explored;
use crate::verdict::outcome::{Outcome, Todo};
use crate::view::{Length, LessonPage, explored_text, paragraph, picture, row, signed};

/// Which model to show, and whose code.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The lesson: its name, its number (2.2), or the beginning of its name
    lesson: String,
    /// The race-freedom test: its name or a part of it; without one, the one in the lesson's README.md
    test: Option<String>,
    /// Run the reference instead of your code
    #[arg(long)]
    solution: bool,
}

/// Shows the model, run with the learner's code or with the reference.
pub fn run(runner: &Runner, options: &Options) -> Result<Exit> {
    let workspace = &*runner.workspace;
    let lesson = select::lesson(workspace, &options.lesson)?;
    let (test, solution) = (options.test.as_deref(), options.solution);
    let models = lesson_tests::models(workspace, lesson);
    let model = choose(workspace, lesson, &models, test)?;
    let runner = runner.with_report(runner.report.clone().with(Passing::DryRun));
    let package = if solution { lesson.solution_package() } else { lesson.name.clone() };
    let show = DryRun {
        page: LessonPage::of(workspace, lesson, Marks::of_locale()),
        model,
        named: test,
        models: &models,
        solution,
    };

    let built = cargo::build_tests(&runner, &package, Tests::Models)?;
    if !built.success {
        term::print(&show.not_built(&built.not_built()));
        return Ok(Exit::Failure);
    }
    let test = format!("{MODELS}{model}");
    let raw = match job_of(&runner, &built, &package, None, &test)? {
        Ok(job) => run_all(&runner, &[job]).pop(),
        Err(NoJob::NotBuilt | NoJob::NoSuchTest) => None,
    };
    let (text, exit) = match raw {
        Some(raw) => show.ran(&raw),
        None => (show.not_there(), Exit::Failure),
    };
    term::print(&text);
    Ok(exit)
}

/// The model that is named; without a name the one in the lesson's README, or else the first.
fn choose<'a>(
    workspace: &Workspace,
    lesson: &Lesson,
    models: &'a [String],
    wanted: Option<&str>,
) -> Result<&'a str, NoSuchName> {
    if let Some(wanted) = wanted {
        return select::model(lesson, models, wanted);
    }
    let in_readme = readme::model(workspace, lesson);
    let shown = models.iter().find(|model| Some(*model) == in_readme.as_ref());
    match shown.or(models.first()) {
        Some(model) => Ok(model),
        // Without models there is no other answer to any name.
        None => select::model(lesson, models, ""),
    }
}

/// A model to show.
struct DryRun<'a> {
    page: LessonPage<'a>,
    /// The name of its test, without the heading.
    model: &'a str,
    /// What it was called by; `None`: nothing, it is the lesson's choice.
    named: Option<&'a str>,
    /// The names of all models of the lesson.
    models: &'a [String],
    /// Whether it is run with the reference.
    solution: bool,
}

impl DryRun<'_> {
    /// The page for a test that ran. It is what was asked for where the model passes and shows itself.
    fn ran(&self, raw: &TestRun) -> (String, Exit) {
        let mut text = self.page.begin();
        match Outcome::of(raw, &self.page.lesson.file_name()) {
            Outcome::Passed(coverage) => {
                let dry_runs = find_dry_runs(&raw.stdout);
                self.passes(&mut text, &dry_runs, &coverage);
                if !dry_runs.is_empty() {
                    return (text, Exit::Success);
                }
            }
            Outcome::NotWritten(todo) => self.not_written(&mut text, &todo),
            Outcome::Failed(failure) => {
                let test = format!("{MODELS}{}", self.model);
                self.page.failure(&mut text, &test, &failure, Length::Full);
                self.to_correct(&mut text, None);
            }
            Outcome::NotRun => return (self.not_there(), Exit::Failure),
        }
        (text, Exit::Failure)
    }

    fn passes(&self, text: &mut String, dry_runs: &[String], coverage: &[Coverage]) {
        self.title(text);
        let (whose, flag) = match self.solution {
            true => ("the reference", " --solution"),
            false => ("your code", ""),
        };
        for (i, dry_run) in dry_runs.iter().enumerate() {
            let of = match dry_runs.len() {
                1 => String::new(),
                all => format!(", model {} of {all}", i + 1),
            };
            paragraph(text, &format!("One interleaving of {whose}{of}:"));
            text.push('\n');
            picture(text, &dry_run.lines().collect::<Vec<_>>());
            text.push('\n');
        }
        let explored = Explored::together(coverage)
            .map_or_else(String::new, |explored| format!(": {}", explored_text("", explored)));
        let sign = paint(GOOD, self.page.marks.good);
        signed(text, &sign, &format!("It passes{explored}."));
        if dry_runs.is_empty() {
            let why = if coverage.is_empty() {
                "It runs no model, so there is no interleaving to show."
            } else {
                "It showed no interleaving."
            };
            paragraph(text, why);
        }
        text.push('\n');
        let others: Vec<&str> =
            self.models.iter().map(String::as_str).filter(|other| *other != self.model).collect();
        let lesson = self.page.lesson;
        let name = &lesson.name;
        if !others.is_empty() {
            paragraph(text, &format!("Other race-freedom tests: {}.", others.join(", ")));
            text.push('\n');
            let more = format!("cargo xtask dry-run {name} TEST{flag}");
            row(text, "More", more);
        }
        if self.solution {
            row(text, "Code", lesson.reference().display());
        }
        row(text, "Read", lesson.readme().display());
    }

    fn not_written(&self, text: &mut String, todo: &Todo) {
        self.title(text);
        let at = todo.at.as_ref().map(SourceLine::short);
        let at = at.as_deref().unwrap_or("a todo!()");
        let what = if todo.text.is_empty() { String::new() } else { format!(" ({})", todo.text) };
        let sign = paint(OPEN, self.page.marks.open);
        let said =
            format!("Not written yet: the test comes to {at}{what}, so there is nothing to show.");
        signed(text, &sign, &said);
        text.push('\n');
        self.to_correct(text, todo.at.as_ref().map(|at| at.line));
    }

    /// The page for a test that is not in the lesson's file any more.
    fn not_there(&self) -> String {
        let mut text = self.page.begin();
        let file = self.page.lesson.exercise.join("src/race_freedom.rs");
        let (file, model) = (file.display(), self.model);
        paragraph(
            &mut text,
            &format!(
                "The lesson has a test {model}, and it is not in {file} any more. Bring it back:"
            ),
        );
        text.push('\n');
        row(&mut text, "Back", format!("git checkout {file}"));
        text
    }

    /// The page for tests that cannot be built: rustc first.
    fn not_built(&self, failed: &NotBuilt) -> String {
        if !self.solution {
            return self.page.not_built(failed);
        }
        let mut text = format!("{}\n\n{}\n", failed.said.trim_end(), self.page.header());
        paragraph(&mut text, "The reference does not compile; what rustc says stands above.");
        text.push('\n');
        self.to_correct(&mut text, None);
        text
    }

    /// The name of the test and what it is for.
    fn title(&self, text: &mut String) {
        self.page.test(text, &format!("{MODELS}{}", self.model));
    }

    /// What to do where there is something to write or to correct.
    fn to_correct(&self, text: &mut String, line: Option<u32>) {
        let lesson = self.page.lesson;
        let name = &lesson.name;
        if self.solution {
            // The reference passes as it is shipped, so it was changed, or its tests were.
            paragraph(text, "If you changed the reference or the tests, bring them back:");
            let (solution, exercise) = (lesson.solution.display(), lesson.exercise.display());
            text.push('\n');
            row(text, "Back", format!("git checkout {solution} {exercise}/src/race_freedom.rs"));
            row(text, "Then", format!("cargo xtask verify {name}"));
            return;
        }
        row(text, "Edit", self.page.edit(line));
        row(text, "Read", lesson.readme().display());
        row(text, "Then", format!("cargo xtask test {name}"));
        let test = self.named.map(|named| format!(" {named}")).unwrap_or_default();
        let see = format!("cargo xtask dry-run {name}{test} --solution");
        row(text, "See", see);
    }
}

#[cfg(test)]
mod tests {
    use harness_base::page::Ink;
    use harness_base::protocol::{Extent, dry_run_block, success_line};

    use super::*;
    use crate::term::{UNICODE, plain};

    fn shown(raw: &TestRun, solution: bool) -> (String, Exit) {
        let workspace = select::tests::workspace(&["wait_group"]);
        let models = ["wakes", "returns_at_once", "waits"].map(str::to_owned);
        let show = DryRun {
            page: LessonPage::of(&workspace, &workspace.lessons[0], UNICODE),
            model: "wakes",
            named: None,
            models: &models,
            solution,
        };
        show.ran(raw)
    }

    fn passed(dry_runs: &[&str]) -> TestRun {
        let coverage = Coverage { interleavings: 1234, extent: Extent::All };
        let models: String = dry_runs
            .iter()
            .map(|dry_run| format!("{}\n{}\n", dry_run_block(dry_run), success_line(&coverage)))
            .collect();
        TestRun {
            name: "race_freedom::wakes".into(),
            success: true,
            stdout: format!("running 1 test\n{models}test result: ok. 1 passed\n"),
            ..TestRun::default()
        }
    }

    #[test]
    fn each_model_of_a_passing_test_is_shown() {
        let (bad, end) = (Ink::Bad.mark(), Ink::Plain.mark());
        let dry_run = format!("     main\n  1  {bad}STALE{end}");
        let (text, exit) = shown(&passed(&[&dry_run, "     main\n  1  returns"]), true);
        assert_eq!(exit, Exit::Success);
        assert!(text.contains("\x1b[31mSTALE\x1b[0m"), "{text:?}");
        insta::assert_snapshot!("dry_run", plain(&text));
    }

    #[test]
    fn a_test_without_a_model_has_nothing_to_show() {
        let (text, exit) = shown(&passed(&[]), false);
        assert_eq!(exit, Exit::Failure);
        assert!(text.contains("It runs no model"), "{text}");
    }
}
