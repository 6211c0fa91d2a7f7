//! `cargo xtask next`: runs the first lesson that is not done.

use anyhow::{Result, bail};

use super::Exit;
use super::test::{self, Document, ForPrograms};
use crate::course::problems;
use crate::learner::progress::Store;
use crate::run::Runner;
use crate::term::{self, Marks};
use crate::view::{self, json};

/// Runs the current lesson.
pub fn run(runner: &Runner, form: ForPrograms) -> Result<Exit> {
    let workspace = &*runner.workspace;
    let mut store = Store::open(workspace)?;
    match store.progress.current(workspace)? {
        Some(lesson) => test::judge(runner, &mut store, lesson, None, form),
        None if !problems::of(workspace).is_empty() => {
            bail!(
                "no other lesson is left to do: see to the one that is missing, or that cannot be read"
            )
        }
        None if form.json => {
            term::print(&json::text(&Document::all_done())?);
            Ok(Exit::Success)
        }
        None => {
            term::print(&view::end_of_path(workspace, &store.progress, Marks::of_locale()));
            Ok(Exit::Success)
        }
    }
}
