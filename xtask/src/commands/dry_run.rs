//! `cargo xtask dry-run LESSON [TEST] [--solution]`: one interleaving of a model, step by step.

use anyhow::Result;
use harness_base::protocol::{Coverage, find_dry_runs};

use super::Exit;
use super::one_model::{OneModel, choose};
use crate::course::lesson_tests::{self, MODELS};
use crate::course::select;
use crate::explore::Code;
use crate::run::cargo::{self, Tests};
use crate::run::executor::{NoJob, job_of, run_all};
use crate::run::report_page::Passing;
use crate::run::{Runner, TestRun};
use crate::term::{self, GOOD, Marks, paint};
use crate::verdict::Explored;
use crate::verdict::outcome::Outcome;
use crate::view::{LessonPage, explored_text, paragraph, picture, row, signed};

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
    let show = DryRun(OneModel {
        page: LessonPage::of(workspace, lesson, Marks::of_locale()),
        model,
        named: test,
        models: &models,
        code: if solution { Code::Reference } else { Code::Yours },
        command: "dry-run",
    });

    let built = cargo::build_tests(&runner, &package, Tests::Models)?;
    if !built.success {
        term::print(&show.0.not_built(&built.not_built()));
        return Ok(Exit::Failure);
    }
    let test = format!("{MODELS}{model}");
    let raw = match job_of(&runner, &built, &package, None, &test)? {
        Ok(job) => run_all(&runner, &[job]).pop(),
        Err(NoJob::NotBuilt | NoJob::NoSuchTest) => None,
    };
    let (text, exit) = match raw {
        Some(raw) => show.ran(&raw),
        None => (show.0.not_there(), Exit::Failure),
    };
    term::print(&text);
    Ok(exit)
}

/// The dry run of a model.
struct DryRun<'a>(OneModel<'a>);

impl DryRun<'_> {
    /// The page for a test that ran. It is what was asked for where the model passes and shows itself.
    fn ran(&self, raw: &TestRun) -> (String, Exit) {
        let Self(show) = self;
        let coverage = match show.passed(Outcome::of(raw, &show.page.lesson.file_name())) {
            Ok(coverage) => coverage,
            Err(page) => return (page, Exit::Failure),
        };
        let mut text = show.page.begin();
        let dry_runs = find_dry_runs(&raw.stdout);
        self.passes(&mut text, &dry_runs, &coverage);
        (text, Exit::success_if(!dry_runs.is_empty()))
    }

    fn passes(&self, text: &mut String, dry_runs: &[String], coverage: &[Coverage]) {
        let Self(show) = self;
        show.title(text);
        let solution = matches!(show.code, Code::Reference);
        let whose = if solution { "the reference" } else { "your code" };
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
        let sign = paint(GOOD, show.page.marks.good);
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
        show.others(text);
        let lesson = show.page.lesson;
        if solution {
            row(text, "Code", lesson.reference().display());
        }
        row(text, "Read", lesson.readme().display());
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
        let show = DryRun(OneModel {
            page: LessonPage::of(&workspace, &workspace.lessons[0], UNICODE),
            model: "wakes",
            named: None,
            models: &models,
            code: if solution { Code::Reference } else { Code::Yours },
            command: "dry-run",
        });
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
