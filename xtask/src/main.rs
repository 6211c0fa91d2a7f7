//! The runner of the lessons: says what to do next, shows why code fails, keeps progress.
//!
//! This file reads the command line and calls a command; each command is a module of [`commands`].

mod bench;
mod commands;
mod diff;
mod files;
mod grade;
mod guard;
mod lesson_file;
mod outcome;
mod progress;
mod readme;
mod render;
mod run;
mod scaffold;
mod select;
mod style;
mod tests_of;
mod verdict;
mod verify;
mod versions;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use commands::{
    Exit, bench as bench_command, break_, compare, dry_run, grade as grade_command, hint, list,
    new, next, reset, restore, swap, test, verify as verify_command, watch,
};
use run::Filter;
use select::NoSuchName;
use style::note;
use workspace::Workspace;

/// Lessons in concurrency, one after the other.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 80)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the current lesson; say what is left, why it fails and what to do
    Next,
    /// Run any lesson
    Test {
        /// Its name, its number (2.2), or the beginning of its name
        lesson: String,
        /// Only the tests whose names contain this
        filter: Option<Filter>,
    },
    /// Show chapters, lessons and progress
    List {
        /// For programs
        #[arg(long)]
        json: bool,
        /// Run every lesson that was begun, to derive the progress from the code again
        #[arg(long)]
        check: bool,
    },
    /// Show the next hint of a lesson
    Hint {
        /// The lesson; without one, the current
        lesson: Option<String>,
        /// All hints
        #[arg(long)]
        all: bool,
    },
    /// Put the reference in place of your file; `restore` brings yours back
    Swap {
        /// The lesson; without one, the current
        lesson: Option<String>,
    },
    /// Bring back a version of your file that swap, reset or restore replaced
    Restore {
        /// The lesson; without one, the swapped or the current
        lesson: Option<String>,
        /// Its number, or the beginning of its hash; without one, the newest that is neither the reference nor
        /// what is there now
        #[arg(conflicts_with = "list")]
        version: Option<String>,
        /// Show all versions
        #[arg(long)]
        list: bool,
    },
    /// Put the stub in place of your file, which is kept
    Reset {
        /// The lesson; without one, the current
        lesson: Option<String>,
    },
    /// Run a lesson again whenever one of its files is saved
    Watch {
        /// The lesson; without one, the current
        lesson: Option<String>,
        /// Look at the files twice a second, where the file system does not say what is saved
        #[arg(long)]
        poll: bool,
    },
    /// Put a mistake into a lesson's reference and see how the tests catch it
    Break {
        /// The lesson
        lesson: String,
        /// The mistake: its name, or the beginning of it; without one, list them
        mistake: Option<String>,
    },
    /// Show how the threads of a model take turns, step by step: your code, or the reference
    ///
    /// A race-freedom test runs a small program in every order that its threads can take, every
    /// interleaving. This shows one of them, a column for each thread and a row for each step. If one
    /// fails, that is the one shown.
    DryRun {
        /// The lesson: its name, its number (2.2), or the beginning of its name
        lesson: String,
        /// The race-freedom test: its name or a part of it; without one, the one in the lesson's README.md
        test: Option<String>,
        /// Run the reference instead of your code
        #[arg(long)]
        solution: bool,
    },
    /// For teachers: grade every lesson that was attempted, by the pristine tests
    Grade(grade_command::Options),
    /// For authors: lay out a new lesson, to be written
    New(scaffold::Request),
    /// Compare your code with the reference: the lines, the tests, and what they take
    ///
    /// Shows the lines that differ, side by side from 120 columns on, then what the lesson's tests say of
    /// both. Before you have finished the lesson it asks whether to show the reference, once.
    Compare {
        /// The lesson; without one, the current one, or the last one you finished if that is not begun
        lesson: Option<String>,
        /// What they take, too, as `cargo xtask bench` shows it
        #[arg(long)]
        bench: bool,
        /// For programs
        ///
        /// Never asks. One object:
        ///   version    1; it rises when a field changes its meaning
        ///   lesson     its name
        ///   equal      whether the two files have the same lines
        ///   diff       a unified diff from your file to the reference
        ///   yours, reference
        ///     file           its path from the root
        ///     error          rustc's first error; null if it compiles
        ///     passes         whether it passes all tests of the lesson
        ///     interleavings  explored by the models that pass; null if none does
        ///     exhaustive     whether these are all there are within the bounds
        ///     groups         for each heading: heading, tests, passed, failed,
        ///                    not_written, not_run
        ///   bench      null without --bench; else rounds, yours and cases as
        ///              `cargo xtask bench --json` has them
        /// If the lesson is not finished and --yes is missing, it exits with
        /// 1, and the object has version, lesson, error (not-finished) and
        /// message.
        #[arg(long, verbatim_doc_comment)]
        json: bool,
        /// Show the reference of a lesson that you have not finished, without a question
        #[arg(long, short)]
        yes: bool,
    },
    /// Measure your code, the reference and what one would take in production, as ratios
    ///
    /// Exits with 0 only when yours was measured in every case.
    Bench {
        /// The lesson; without one, the current one, or the last one you finished if that is not begun
        lesson: Option<String>,
        /// For programs
        ///
        /// One object:
        ///   version    1; it rises when a field changes its meaning
        ///   lesson     its name
        ///   rounds     how often everything was measured
        ///   yours      state: measured, not-written, does-not-compile,
        ///              stopped or left-out; detail: where or why, if it was
        ///              not measured
        ///   cases      for each: name, rows; for each row: name (yours,
        ///              reference, or as the bench calls it), ratio, low, high
        /// Of each round, a row's median time is divided by that of the
        /// reference. ratio is the median of all rounds, low and high are the
        /// least and the greatest.
        #[arg(long, verbatim_doc_comment)]
        json: bool,
    },
    /// For authors: test everything, or the gates of some lessons
    Verify {
        /// The lessons; without any, all of them and the workspace's own tests
        lessons: Vec<String>,
        /// Require too that each exercise's file is its stub, as it is shipped
        #[arg(long)]
        shipped: bool,
        /// Write down which tests the references pass (solutions/…/tests.txt), and the dry runs in the lessons' README.md
        #[arg(long)]
        record: bool,
    },
}

fn main() -> ExitCode {
    if let Some(code) = guard::requested() {
        return code;
    }
    // clap ends with 2 where it cannot make sense of the words.
    match run(Arguments::parse().command) {
        Ok(exit) => exit.into(),
        Err(error) if error.is::<NoSuchName>() => {
            note(&format!("{error}"));
            ExitCode::from(2)
        }
        Err(error) => {
            note(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<Exit> {
    if !matches!(command, Command::Verify { .. }) {
        style::fit_to_terminal();
    }
    let workspace = Workspace::find()?;
    match command {
        Command::Next => next::run(&workspace),
        Command::Test { lesson, filter } => test::run(&workspace, &lesson, filter.as_ref()),
        Command::List { json, check } => list::run(&workspace, list::Options { json, check }),
        Command::Hint { lesson, all } => hint::run(&workspace, lesson.as_deref(), all),
        Command::Swap { lesson } => swap::run(&workspace, lesson.as_deref()),
        Command::Restore {
            lesson,
            version,
            list,
        } => {
            if list {
                restore::list(&workspace, lesson.as_deref())
            } else {
                restore::run(&workspace, lesson.as_deref(), version.as_deref())
            }
        }
        Command::Reset { lesson } => reset::run(&workspace, lesson.as_deref()),
        Command::Break { lesson, mistake } => break_::run(&workspace, &lesson, mistake.as_deref()),
        Command::DryRun {
            lesson,
            test,
            solution,
        } => dry_run::run(&workspace, &lesson, test.as_deref(), solution),
        Command::Grade(options) => grade_command::run(&workspace, &options),
        Command::New(request) => new::run(&workspace, &request),
        Command::Compare {
            lesson,
            bench,
            json,
            yes,
        } => compare::run(
            &workspace,
            lesson.as_deref(),
            compare::Options { bench, json, yes },
        ),
        Command::Bench { lesson, json } => bench_command::run(&workspace, lesson.as_deref(), json),
        Command::Watch { lesson, poll } => watch::run(&workspace, lesson.as_deref(), poll),
        Command::Verify {
            lessons,
            shipped,
            record,
        } => verify_command::run(
            &workspace,
            &lessons,
            verify_command::Options { shipped, record },
        ),
    }
}
