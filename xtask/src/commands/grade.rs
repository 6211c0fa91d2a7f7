//! `cargo xtask grade [LESSON…]`: every lesson that was attempted, against the original tests.

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::Exit;
use super::verify::say;
use crate::course::{EXERCISES, Lesson, SOLUTIONS, Workspace, select};
use crate::grade::{Graded, Originals, Partition, Report, Submitted};
use crate::run::Runner;
use crate::run::cargo::Built;
use crate::scratch::Scratch;
use crate::term::{self, Marks, note, plain};
use crate::view::json;

/// What to grade, and how.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The lessons; without any, all
    lessons: Vec<String>,
    /// For programs: the grades as JSON on stdout, and the table on stderr
    #[arg(long)]
    json: bool,
    /// Only every N-th lesson, beginning with the K-th: the same ones every time
    #[arg(long, value_name = "K/N")]
    partition: Option<Partition>,
    /// Grade the files in the checkout DIR, with the tests, the harness and the runner of this one
    #[arg(long, value_name = "DIR")]
    submission: Option<PathBuf>,
    /// Grade the files in this checkout, with the tests and the harness of the checkout DIR
    #[arg(long, value_name = "DIR", conflicts_with = "submission")]
    pristine: Option<PathBuf>,
}

/// Grades, and says so.
pub fn run(runner: &Runner, options: &Options) -> Result<Exit> {
    for dir in options.submission.iter().chain(&options.pristine) {
        if !dir.join(EXERCISES).is_dir() {
            bail!(
                "{} has no {EXERCISES}/: give the folder of a checkout of the lessons",
                dir.display()
            );
        }
    }
    let here = &runner.workspace.root;
    // Absolute: cargo runs in a folder of its own.
    let root = match &options.pristine {
        Some(dir) => std::path::absolute(dir)?,
        None => here.clone(),
    };
    let submission = options.submission.as_ref().unwrap_or(here);
    // The course's checkout is as its teachers want it. In a learner's, only the lock says what was shipped.
    let two_checkouts = submission.canonicalize()? != root.canonicalize()?;
    let runner = runner.in_workspace(if two_checkouts {
        Workspace::load(&root)?
    } else {
        Workspace::load_shipped(&root)?
    });
    let course = &*runner.workspace;
    if course.lessons.is_empty() {
        bail!(
            "no lesson in {} has a shipped.lock to grade by; its maintainers write them: cargo xtask verify --record",
            root.join(SOLUTIONS).display()
        );
    }
    let lessons = chosen(course, options)?;

    let mut scratch = Scratch::new(&runner)?;
    let mut submitted = Vec::new();
    for lesson in lessons {
        let originals = if two_checkouts {
            Originals::of_course(course, lesson)?
        } else {
            Originals::of_lock(course, lesson)?
        };
        submitted.push(Submitted::read(course, &mut scratch, lesson, originals, submission)?);
    }
    let built = if submitted.iter().any(Submitted::is_to_build) {
        say("building what is attempted");
        scratch.build(false)?
    } else {
        Built::default()
    };
    let mut graded: Vec<Graded<'_>> = Vec::new();
    for submitted in submitted {
        say("testing");
        graded.push(submitted.grade(&runner, &built));
    }
    say("");

    let report = Report::new(options.partition, &graded);
    let table = report.render(Marks::of_locale());
    if options.json {
        note(plain(&table).trim_end());
        term::print(&json::text(&report)?);
    } else {
        term::print(&table);
    }
    Ok(Exit::success_if(report.passes()))
}

/// The lessons that were named, in their order, as far as they are in the partition. A lesson is in the same part
/// whatever others are named.
fn chosen<'a>(course: &'a Workspace, options: &Options) -> Result<Vec<&'a Lesson>> {
    let mut lessons = if options.lessons.is_empty() {
        course.lessons.iter().collect()
    } else {
        select::lessons(course, &options.lessons)?
    };
    lessons.sort_by_key(|lesson| lesson.number);
    lessons.dedup_by_key(|lesson| lesson.number);
    if let Some(partition) = options.partition {
        lessons.retain(|lesson| partition.has(course.position(lesson)));
    }
    Ok(lessons)
}
