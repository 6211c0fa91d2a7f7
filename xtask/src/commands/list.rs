//! `cargo xtask list`: the chapters, the lessons, and how far the learner is.

use anyhow::Result;

use super::Exit;
use super::test::Judged;
use crate::course::Lesson;
use crate::learner::progress::{State, Store};
use crate::run::Runner;
use crate::term::{self, Marks, note, width};
use crate::view::json;
use crate::view::list::Listing;

/// How to list.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Options {
    /// For programs: the list as JSON
    ///
    /// One object on stdout, and nothing else:
    ///   version   1; it rises when a field changes its meaning
    ///   current   the name of the lesson that `cargo xtask next` runs;
    ///             null: every lesson is done
    ///   done      how many lessons
    ///   total     how many there are
    ///   chapters  for each: number, title, done, total
    ///   lessons   for each:
    ///     number       of the chapter and in it: "2.2"
    ///     name, title, chapter, description, go, concepts, minutes
    ///                  as its Cargo.toml and the chapter's README have them
    ///     state        done, changed, swapped, attempted, not-begun
    ///     passed_at    when it passed last, in UTC; left out if never
    ///     hints_shown  how many
    ///     file         the one to edit, from the root
    ///     readme       the lesson's text, from the root
    #[arg(long, verbatim_doc_comment)]
    pub json: bool,
    /// Run every lesson that was begun, to derive the progress from the code again
    #[arg(long)]
    pub check: bool,
}

/// Prints the list.
pub fn run(runner: &Runner, options: Options) -> Result<Exit> {
    let workspace = &*runner.workspace;
    let mut store = Store::open(workspace)?;
    if options.check {
        check(runner, &mut store)?;
    }
    let listing = Listing::new(workspace, &store.progress)?;
    if options.json {
        term::print(&json::text(&listing)?);
    } else {
        term::print(&listing.render(width(), Marks::of_locale()));
    }
    Ok(Exit::Success)
}

/// Runs every lesson whose file is not the stub, and notes what came of it.
fn check(runner: &Runner, store: &mut Store) -> Result<()> {
    let workspace = &*runner.workspace;
    for lesson in &workspace.lessons {
        match store.progress.state(workspace, lesson)? {
            State::NotBegun => continue,
            State::Swapped => {
                say(lesson, "is the reference");
                continue;
            }
            State::Done | State::Changed | State::Attempted => {}
        }
        let mut judged = Judged::new(runner, store, lesson, None)?;
        if let Some(error) = judged.not_noted.take() {
            return Err(error);
        }
        let word = if judged.passes() {
            "passes"
        } else if judged.result.is_err() {
            "does not compile"
        } else {
            "does not pass yet"
        };
        say(lesson, word);
    }
    Ok(())
}

fn say(lesson: &Lesson, word: &str) {
    note(&format!(" {:<5} {} {word}", lesson.number.to_string(), lesson.name));
}
