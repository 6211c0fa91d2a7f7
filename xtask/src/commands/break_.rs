//! `cargo xtask break LESSON [MISTAKE]`: a mistake put into the reference, and what the tests say to it.
//!
//! It happens in the [scratch workspace](crate::scratch): neither the learner's file nor the solution is
//! touched.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Result, anyhow};

use super::Exit;
use crate::course::{Lesson, Workspace, select};
use crate::learner::progress::Store;
use crate::run::Runner;
use crate::run::executor::{NoJob, run_all};
use crate::scratch::mistake::{self, Mistake};
use crate::scratch::{self, Scratch};
use crate::term::{self, BAD, FAINT, GOOD, Marks, STRONG, note, paint, width};
use crate::verdict::outcome::Outcome;
use crate::verify::caught::{catch, job};
use crate::view::diff::Diff;
use crate::view::list::{Row, lines};
use crate::view::{Length, LessonPage, named, paragraph, row, signed};

/// Lists the mistakes of the lesson that goes by `wanted`, or shows what becomes of the one that is named.
pub fn run(runner: &Runner, wanted: &str, named: Option<&str>) -> Result<Exit> {
    let workspace = &*runner.workspace;
    let lesson = select::lesson(workspace, wanted)?;
    let mistakes = read(workspace, lesson);
    let page = LessonPage::of(workspace, lesson, Marks::of_locale());
    match named {
        Some(named) => {
            let mistake = select::mistake(lesson, &mistakes, |mistake| &mistake.name, named)?;
            show(runner, &page, mistake, &mut term::print)
        }
        None => {
            term::print(&list(&page, &mistakes));
            Ok(Exit::Success)
        }
    }
}

/// The mistakes of the lesson. One that cannot be understood is noted.
pub fn read(workspace: &Workspace, lesson: &Lesson) -> Vec<Mistake> {
    let (mistakes, problems) = mistake::read_all(&workspace.path(lesson.mistakes()));
    for problem in problems {
        note(&format!(" {}/{problem}; `git checkout` brings it back", lesson.solution.display()));
    }
    mistakes
}

/// Each mistake: its name and what it is, the kind of failure, and the test that catches it.
fn list(page: &LessonPage<'_>, mistakes: &[Mistake]) -> String {
    let mut text = page.begin();
    text.push_str(&lines(&rows(page.marks, mistakes)));
    if mistakes.is_empty() {
        text += " It has no mistakes to make yet.\n\n";
    } else {
        text.push('\n');
        row(&mut text, "Run", format!("{} MISTAKE", more(page.lesson)));
    }
    row(&mut text, "Read", page.lesson.readme().display());
    text
}

/// The mistakes as the rows of a list.
pub fn rows(marks: Marks, mistakes: &[Mistake]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (i, mistake) in mistakes.iter().enumerate() {
        rows.push(Row { text: format!(" {}", paint(STRONG, &mistake.name)), chooses: Some(i) });
        let caught = format!("{} {} {}", mistake.kind, marks.dot, mistake.caught_by);
        let caught = term::shorten(&caught, width() - 3, marks.more);
        let below =
            term::wrap(&mistake.mistake, width() - 3).into_iter().chain([paint(FAINT, caught)]);
        rows.extend(below.map(|line| Row { text: format!("   {line}"), chooses: None }));
    }
    rows
}

/// The command that lists the mistakes.
fn more(lesson: &Lesson) -> String {
    format!("cargo xtask break {}", lesson.name)
}

/// Shows the mistake through `say`, runs the test that must catch it, and shows how it does.
///
/// # Errors
///
/// The mistake cannot be put into the reference, the test cannot be run, or the run was cancelled.
pub fn show(
    runner: &Runner,
    page: &LessonPage<'_>,
    mistake: &Mistake,
    say: &mut dyn FnMut(&str),
) -> Result<Exit> {
    let (workspace, lesson) = (page.workspace, page.lesson);
    let source = workspace.read(&lesson.reference())?;
    let mut scratch = Scratch::new(runner)?;
    scratch
        .add_mistake(lesson, mistake, &source)
        .map_err(|error| {
            anyhow!(
                "{}/{}.patch cannot be used: {error:#}.\n\
                 If you changed the patch, the solution or the tests, `git checkout` brings them back.",
                lesson.mistakes().display(),
                mistake.name
            )
        })?;
    say(&introduction(page, mistake));

    let built = scratch.build(true)?;
    let folder = scratch::mistake_folder(lesson, mistake);
    let mut text = String::new();
    let caught = match job(runner, lesson, mistake, &built)? {
        Ok(job) => {
            let raws = run_all(runner, &[job]);
            runner.control.check()?;
            let mut outcome =
                raws.first().map_or(Outcome::NotRun, |raw| Outcome::of(raw, &lesson.file_name()));
            if let Outcome::Failed(failure) = &mut outcome {
                failure.report = scratch::real_places(&failure.report, lesson, &folder);
                page.failure(&mut text, &mistake.caught_by, failure, Length::Full);
            }
            catch(&outcome, mistake)
        }
        Err(NoJob::NotBuilt) => {
            let said = scratch::real_places(built.said.trim_end(), lesson, &folder);
            let _ = writeln!(text, "{said}\n");
            Err("it does not build; what cargo says stands above".to_owned())
        }
        Err(NoJob::NoSuchTest) => Err(format!("the lesson has no test {}", mistake.caught_by)),
    };
    match &caught {
        Ok(()) => {
            let mark = paint(GOOD, page.marks.good);
            let _ = writeln!(text, " {mark} Caught: {}.\n", mistake.kind);
            let file = lesson.file_name();
            let code = Path::new(scratch::ROOT).join(&folder).join("src");
            let _ =
                writeln!(text, " Lines of {file} are those of the file with the mistake in it:");
            row(&mut text, "Code", code.display());
            row(&mut text, "More", more(lesson));
        }
        Err(problem) => not_caught(&mut text, page, mistake, problem),
    }
    row(&mut text, "Read", lesson.readme().display());
    say(&text);
    let noted =
        Store::open(workspace).and_then(|mut store| store.mark_tried(lesson, &mistake.name));
    if let Err(error) = noted {
        note(&format!(" The progress does not know of this: {error:#}"));
    }
    Ok(Exit::success_if(caught.is_ok()))
}

/// What the mistake is, as a diff of the reference and in words.
fn introduction(page: &LessonPage<'_>, mistake: &Mistake) -> String {
    let mut text = page.begin();
    named(&mut text, &mistake.name, Some(&mistake.mistake));
    paragraph(&mut text, &mistake.why);
    let _ = writeln!(text, "\n {}", page.lesson.reference().display());
    text.push_str(&Diff::of_patch(&mistake.diff).unified(width()));
    text.push('\n');
    text
}

/// Says that the mistake was not caught, or not as what it is, and what to do about it.
fn not_caught(text: &mut String, page: &LessonPage<'_>, mistake: &Mistake, problem: &str) {
    let sign = paint(BAD, page.marks.bad);
    signed(text, &sign, &format!("Not caught: {problem}."));
    text.push('\n');
    paragraph(
        text,
        "The test is the one in the lesson's folder. If it was changed, bring it back; if not, the lesson is at \
         fault, and `verify` says more.",
    );
    text.push('\n');
    let Lesson { name, exercise, .. } = page.lesson;
    let test = mistake.target().map_or_else(
        || exercise.join("src/race_freedom.rs"),
        |target| exercise.join("tests").join(format!("{target}.rs")),
    );
    row(text, "Back", format!("git checkout {}", test.display()));
    row(text, "Then", format!("cargo xtask verify {name}"));
}
