//! The runner of the lessons: says what to do next, shows why code fails, keeps progress.
//!
//! This file reads the command line and calls a command. The other modules stand in rooms, from the top down; each uses
//! only what stands below it, and `tests/rooms` holds them to that.
//!
//! | Room | What it is |
//! |---|---|
//! | `commands` | a module per command |
//! | `book` | the course as a site |
//! | `grade`, `verify`, `bench`, `explore`, `scaffold` | what the larger commands do |
//! | `view` | what a person reads |
//! | `scratch` | a lesson built elsewhere: reference, mistake, stub |
//! | `verdict` | what became of the tests |
//! | `run` | builds, starts tests, time-outs, the guard |
//! | `learner` | progress, versions, files |
//! | `course` | lessons, names, hints, lists of tests |
//! | `term` | colour, width, folding, numbers |

mod bench;
mod book;
mod commands;
mod course;
mod explore;
mod grade;
mod learner;
mod run;
mod scaffold;
mod scratch;
mod term;
mod verdict;
mod verify;
mod view;

use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use harness_base::page::DEFAULT_WIDTH;

use commands::{
    Exit, bench as bench_command, book as book_command, break_, compare, completions, doctor,
    dry_run, explore as explore_command, grade as grade_command, hint, in_place, list, new, next,
    restore, test, verify as verify_command, watch,
};
use course::select::NoSuchName;
use course::{Workspace, problems};
use run::{Filter, Runner};
use term::note;

/// Lessons in concurrency, one after the other
///
/// `cargo xtask next` runs the tests of the lesson you are at, and says which file to edit and why the
/// tests fail. Edit it, run it again, until it passes; then it goes on to the next lesson.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    max_term_width = 80,
    after_long_help = CONVENTIONS,
    after_help = "cargo xtask --help says what the exit codes mean, cargo xtask COMMAND --help more of a command."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What all commands have in common.
const CONVENTIONS: &str = "\
Lessons:
  A lesson goes by its name (wait_group), its number (2.2), the beginning of its
  name, or a path to it or to anything in it. Where a command may be given none,
  it takes the current lesson: the first that is not done.

Exit codes:
  0  the lesson passes; the command did what it was asked
  1  it does not pass; or something went wrong, and the message says what
  2  the words of the command line make no sense, or nothing goes by a name

Environment:
  NO_COLOR        if set, nothing is coloured
  CLICOLOR_FORCE  if set, colours also where the output is no terminal
  COLUMNS         how wide to write; without it, as wide as the terminal";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the current lesson; say what is left, why it fails and what to do
    ///
    /// The current lesson is the first that is not done. Its tests run in a few seconds; a test that hangs
    /// is stopped. Exits with 0 only when all of them pass.
    Next {
        #[command(flatten)]
        form: test::ForPrograms,
    },
    /// Run any lesson
    ///
    /// As `next` does, whether it is done or not. Exits with 0 only when all the tests that were asked for
    /// pass; with 2 when no lesson goes by that name.
    Test {
        /// Its name, its number (2.2), or the beginning of its name
        lesson: String,
        /// Only the tests whose names contain this
        filter: Option<Filter>,
        #[command(flatten)]
        form: test::ForPrograms,
    },
    /// Show chapters, lessons and progress
    ///
    /// A lesson is done when its files, as they are now, passed all its tests. Edit one, and it is
    /// `changed` until it passes again.
    List(list::Options),
    /// Show the next hint of a lesson
    ///
    /// From a nudge to nearly the solution, one more each time.
    Hint {
        /// The lesson; without one, the current
        lesson: Option<String>,
        /// All hints
        #[arg(long)]
        all: bool,
    },
    /// Put the reference in place of your file; `restore` brings yours back
    ///
    /// To read it where you work, to run it and to try changes. Your file is kept before. While the
    /// reference is there, the lesson does not count as done.
    Swap {
        /// The lesson; without one, the current
        lesson: Option<String>,
    },
    /// Bring back a version of your file that swap, reset or restore replaced
    Restore(restore::Options),
    /// Put the stub in place of your file, which is kept
    ///
    /// To begin the lesson anew. `cargo xtask restore` brings your file back.
    Reset {
        /// The lesson; without one, the current
        lesson: Option<String>,
    },
    /// Run a lesson again whenever one of its files is saved
    ///
    /// Has the whole terminal, with keys for the next lesson, the next hint and the rest: ? shows them, q
    /// quits. In a pipe it prints one verdict after the other.
    Watch {
        /// The lesson; without one, the current
        lesson: Option<String>,
        /// Look at the files twice a second, where the file system does not say what is saved
        #[arg(long)]
        poll: bool,
    },
    /// Put a mistake into a lesson's reference and see how the tests catch it
    ///
    /// Your file is not touched. Without a mistake's name it lists those that the lesson has: what people
    /// really get wrong. It shows how one fails, so it may give away how the lesson is solved.
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
    DryRun(dry_run::Options),
    /// Step through every interleaving of a model in your browser, and be the scheduler
    ///
    /// Writes one page, which fetches nothing, and opens it: the source with the line at which each thread
    /// stands, a column for each thread, and below who holds what, who sleeps where and which values can
    /// still be read. You may choose which thread goes on at each step: can you find the order that fails?
    #[command(after_long_help = explore_command::FORMAT)]
    Explore(explore_command::Options),
    /// Make a site of the course, to read in your browser
    ///
    /// Every README.md, the introductions of the chapters, GO.md and RUST.md, with a search. mdBook makes it, from a
    /// copy of the texts whose links are checked. It works from the disk and fetches nothing.
    Book(book_command::Options),
    /// For teachers: grade every lesson that was attempted, by the original tests
    #[command(display_order = 100)]
    Grade(grade_command::Options),
    /// For authors: lay out a new lesson, to be written
    #[command(display_order = 100)]
    New(scaffold::Request),
    /// Compare your code with the reference: the lines, the tests, and what they take
    ///
    /// Shows the lines that differ, side by side from 120 columns on, then what the lesson's tests say of
    /// both. Before you have finished the lesson it asks whether to show the reference, once.
    Compare(compare::Options),
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
    #[command(display_order = 100)]
    Verify(verify_command::Options),
    /// Say what is installed, what is missing and what to type
    ///
    /// Looks at the toolchain, cargo-nextest, the disk, what may be written, watching of files, the
    /// terminal and your progress. Changes nothing. Exits with 1 if something keeps you from the lessons;
    /// what they only go better with is marked as a warning.
    Doctor,
    /// Print a script that completes `cargo xtask` by Tab
    #[command(after_long_help = completions::INSTALL)]
    Completions(completions::Request),
}

fn main() -> ExitCode {
    if let Some(code) = run::guard::requested() {
        return code;
    }
    term::fit_to_terminal();
    // clap ends with 2 where it cannot make sense of the words.
    let arguments = Arguments::command().term_width(term::width()).get_matches();
    let arguments = Arguments::from_arg_matches(&arguments).unwrap_or_else(|error| error.exit());
    let exit = run(arguments.command);
    if let Some(error) = term::lost() {
        note(&format!("error: cannot write to standard output: {error}"));
        return ExitCode::FAILURE;
    }
    match exit {
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
    if let Command::Completions(request) = &command {
        // Of use anywhere.
        return completions::run(request, Arguments::command());
    }
    let runner = Runner::new(Workspace::find()?)?;
    let workspace = &*runner.workspace;
    if !matches!(command, Command::Doctor) {
        for problem in problems::of(workspace) {
            note(&format!(" {}:\n   {}", problem.what, problem.command));
        }
    }
    match command {
        Command::Completions(request) => completions::run(&request, Arguments::command()),
        Command::Doctor => Ok(doctor::run(&runner)),
        Command::Next { form } => next::run(&runner, form),
        Command::Test { lesson, filter, form } => {
            test::run(&runner, &lesson, filter.as_ref(), form)
        }
        Command::List(options) => list::run(&runner, options),
        Command::Hint { lesson, all } => hint::run(workspace, lesson.as_deref(), all),
        Command::Swap { lesson } => in_place::Text::Reference.put(workspace, lesson.as_deref()),
        Command::Restore(options) => restore::run(workspace, &options),
        Command::Reset { lesson } => in_place::Text::Stub.put(workspace, lesson.as_deref()),
        Command::Break { lesson, mistake } => break_::run(&runner, &lesson, mistake.as_deref()),
        Command::DryRun(options) => dry_run::run(&runner, &options),
        Command::Explore(options) => explore_command::run(&runner, &options),
        Command::Book(options) => book_command::run(&runner, &options),
        Command::Grade(options) => grade_command::run(&runner, &options),
        Command::New(request) => new::run(workspace, &request),
        Command::Compare(options) => compare::run(&runner, &options),
        Command::Bench { lesson, json } => bench_command::run(&runner, lesson.as_deref(), json),
        Command::Watch { lesson, poll } => watch::run(&runner, lesson.as_deref(), poll),
        Command::Verify(options) => {
            // Its table does not depend on who runs it.
            term::fit_to(DEFAULT_WIDTH);
            verify_command::run(&runner, &options)
        }
    }
}

/// The long help of a command, as it is where there is no terminal.
#[cfg(test)]
fn help_of(command: &str) -> String {
    let mut arguments = Arguments::command().term_width(DEFAULT_WIDTH);
    arguments.build();
    arguments.find_subcommand_mut(command).expect("a command").render_long_help().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_has_a_help_that_fits_the_terminal() {
        let mut arguments = Arguments::command().term_width(DEFAULT_WIDTH);
        insta::assert_snapshot!("help", arguments.render_long_help().to_string());
        let commands: Vec<_> = Arguments::command()
            .get_subcommands()
            .map(|command| command.get_name().to_owned())
            .collect();
        for command in commands {
            let help = help_of(&command);
            for line in help.lines() {
                assert!(line.chars().count() <= DEFAULT_WIDTH, "{command}: {line}");
            }
            insta::assert_snapshot!(format!("help_{command}"), help);
        }
    }

    /// The README has a row for each command.
    #[test]
    fn the_readme_names_every_command() {
        let readme = include_str!("../../README.md");
        for command in Arguments::command().get_subcommands() {
            let row = format!("| `cargo xtask {}", command.get_name());
            assert!(readme.contains(&row), "{row}");
        }
    }

    /// The verdict in the README is one on as many tests as the lesson has.
    #[test]
    fn the_readme_shows_a_verdict_on_the_tests_that_there_are() {
        let readme = include_str!("../../README.md");
        let lock = include_str!("../../solutions/02_goroutines/02_wait_group/shipped.lock");
        let of = |heading: &str| {
            let row = readme.lines().find(|row| row.starts_with(&format!(" {heading}  ")));
            let mut words = row.expect("it shows a verdict").split_whitespace();
            words.find(|word| *word == "of");
            words.next().and_then(|tests| tests.parse::<usize>().ok()).expect("N of M")
        };
        let shown: usize = ["Correctness", "Race-freedom", "No leaks"].map(of).iter().sum();
        let tests = lock.lines().filter(|line| line.starts_with("    \"") && line.contains("::"));
        assert_eq!(shown, tests.count());
    }
}
