//! A module per command ([`in_place`] has two), and what several have in common.
//!
//! May use every other room. [`grade`](crate::grade), [`verify`](crate::verify), [`bench`](crate::bench),
//! [`explore`](crate::explore) and [`scaffold`](crate::scaffold) do not use each other.

pub mod bench;
pub mod book;
pub mod break_;
pub mod compare;
pub mod completions;
pub mod doctor;
pub mod dry_run;
pub mod explore;
pub mod grade;
pub mod hint;
pub mod in_place;
pub mod list;
pub mod new;
pub mod next;
mod one_model;
pub mod restore;
pub mod test;
pub mod verify;
pub mod watch;

use anyhow::Result;

use crate::course::{Lesson, Workspace, select};
use crate::learner::progress::{State, Store};
use crate::term;

/// Opens the progress and finds the lesson that is meant: the one that goes by `wanted`; without that, the
/// current one. `None`: every lesson is done.
///
/// # Errors
///
/// No lesson goes by that, or the progress or a lesson's sources cannot be read.
pub fn open<'a>(
    workspace: &'a Workspace,
    wanted: Option<&str>,
) -> Result<(Store, Option<&'a Lesson>)> {
    // A wrong name is reported at once, even if another process has the lock.
    let named = wanted.map(|wanted| select::lesson(workspace, wanted)).transpose()?;
    let store = Store::open(workspace)?;
    let lesson = named.map_or_else(|| store.progress.current(workspace), |one| Ok(Some(one)))?;
    Ok((store, lesson))
}

/// The lesson that goes by `wanted`. Without a name, the current one if it is begun, and else the one that was
/// finished last: there is nothing to compare in a lesson that the learner has not opened yet.
fn begun_or_last_finished<'a>(
    workspace: &'a Workspace,
    store: &Store,
    wanted: Option<&str>,
) -> Result<Option<&'a Lesson>> {
    if let Some(wanted) = wanted {
        return Ok(Some(select::lesson(workspace, wanted)?));
    }
    let current = store.progress.current(workspace)?;
    if let Some(current) = current
        && store.progress.state(workspace, current)? != State::NotBegun
    {
        return Ok(Some(current));
    }
    let finished = |lesson: &&Lesson| Some(store.progress.of(lesson)?.passed.as_ref()?.at.clone());
    let last =
        workspace.lessons.iter().filter(|lesson| finished(lesson).is_some()).max_by_key(finished);
    Ok(last.or(current))
}

/// Says that there is no lesson to do anything with.
fn no_lesson() -> Exit {
    term::print(" There are no lessons here yet.\n");
    Exit::Failure
}

/// What the process says to the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The lesson passes; the command did what it was asked.
    Success,
    /// It does not.
    Failure,
}

impl Exit {
    /// Success, if this holds.
    pub fn success_if(holds: bool) -> Self {
        if holds { Self::Success } else { Self::Failure }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Success => Self::SUCCESS,
            Exit::Failure => Self::FAILURE,
        }
    }
}
