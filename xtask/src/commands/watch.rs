//! `cargo xtask watch [LESSON]`: runs a lesson's tests again whenever one of its files is saved.
//!
//! On a terminal it has the whole screen: [`state`] says what is shown and done, [`screen`] makes lines of it,
//! [`terminal`] shows them, and [`app`] carries out what the state asks for. Where input or output is no
//! terminal, [`plain`] prints one verdict after the other. What counts as a save is in [`saves`].

mod app;
mod plain;
mod saves;
mod screen;
mod signals;
mod state;
mod terminal;
mod text;

use std::io::{IsTerminal, stdin, stdout};
use std::path::Path;

use anyhow::Result;

use super::Exit;
use super::test::Judged;
use crate::course::{Lesson, Workspace, select};
use crate::learner::progress::Store;
use crate::run::Runner;
use crate::{term, view};

use saves::Saves;

/// Watches the lesson that goes by `wanted`, or the current one. `poll`: looks at the files again and again.
pub fn run(runner: &Runner, wanted: Option<&str>, poll: bool) -> Result<Exit> {
    let workspace = &*runner.workspace;
    let lesson = match wanted {
        Some(wanted) => Some(select::lesson(workspace, wanted)?),
        // Opened, not peeked at: what is damaged is set aside and said now.
        None => Store::open(workspace)?.progress.current(workspace)?,
    };
    let Some(lesson) = lesson else {
        term::print(&format!("{}\n", view::all_done(workspace)));
        return Ok(Exit::Success);
    };
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if stdin().is_terminal() && stdout().is_terminal() && !dumb {
        app::run(runner, lesson, poll)
    } else {
        plain::run(runner, lesson, wanted.is_none(), poll)
    }
}

/// How saves in `folder` would be seen: `None` if the file system tells of them; otherwise why they have to be looked
/// for again and again.
///
/// # Errors
///
/// They cannot be seen at all.
pub fn way(folder: &Path) -> Result<Option<String>> {
    let mut saves = Saves::new(false, || ())?;
    saves.watch(folder, &folder.join("no file"))?;
    Ok(saves.polls)
}

/// What to wait for.
fn waits(polls: Option<&str>) -> &'static str {
    match polls {
        None => "waiting for a save",
        Some(_) => "looking for saves twice a second",
    }
}

/// Says why the files are looked at again and again.
fn why(polls: &str) -> String {
    format!(" The files are looked at twice a second: {polls}.")
}

/// Judges the lesson: what came of it, the page that says so, and the lesson that is then the current one.
fn judged<'a>(runner: &'a Runner, lesson: &Lesson) -> Result<(Judged, String, Option<&'a Lesson>)> {
    let workspace = &*runner.workspace;
    let mut store = Store::open(workspace)?;
    let judged = Judged::new(runner, &mut store, lesson, None)?;
    let page = judged.page(workspace, &store.progress, lesson)?;
    Ok((judged, page, store.progress.current(workspace)?))
}

/// The index of `lesson` among all lessons.
fn index_of(workspace: &Workspace, lesson: &Lesson) -> usize {
    workspace.position(lesson) - 1
}
