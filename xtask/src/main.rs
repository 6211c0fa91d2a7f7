//! The runner of the lessons: says what to do next, shows why code fails, keeps progress.
//!
//! This file reads the command line and calls a command; each command is a module of [`commands`].

mod commands;
mod diff;
mod files;
mod guard;
mod outcome;
mod progress;
mod render;
mod run;
mod select;
mod style;
mod tests_of;
mod verdict;
mod verify;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use commands::{Exit, break_, hint, list, next, test, verify as verify_command, watch};
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
    /// For authors: test everything, or the gates of some lessons
    Verify {
        /// The lessons; without any, all of them and the workspace's own tests
        lessons: Vec<String>,
        /// Require too that each exercise's file is its stub, as it is shipped
        #[arg(long)]
        shipped: bool,
        /// Write down which tests the references pass (solutions/…/tests.txt)
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
    let workspace = Workspace::find()?;
    match command {
        Command::Next => next::run(&workspace),
        Command::Test { lesson, filter } => test::run(&workspace, &lesson, filter.as_ref()),
        Command::List { json, check } => list::run(&workspace, list::Options { json, check }),
        Command::Hint { lesson, all } => hint::run(&workspace, lesson.as_deref(), all),
        Command::Break { lesson, mistake } => break_::run(&workspace, &lesson, mistake.as_deref()),
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
