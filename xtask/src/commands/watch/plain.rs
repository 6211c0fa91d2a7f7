//! Without a terminal: one verdict after the other, until a signal ends it.

use std::sync::mpsc;
use std::thread::{self, Scope, ScopedJoinHandle};

use anyhow::Result;

use super::saves::Saves;
use super::signals::{self, Signal};
use super::{judged, waits, why};
use crate::commands::Exit;
use crate::course::Lesson;
use crate::learner::progress::Store;
use crate::run::Runner;
use crate::run::control::Control;
use crate::term::{self, note};

enum Event {
    Saved,
    /// What a run came to, by its number: the page, and whether the lesson passes.
    Ended(usize, Result<(String, bool)>),
    Signal(Signal),
}

/// Watches `lesson`. `follow`: goes on to the next one when it is done.
pub fn run(runner: &Runner, lesson: &Lesson, follow: bool, poll: bool) -> Result<Exit> {
    let workspace = &*runner.workspace;
    let (sender, events) = mpsc::channel();
    let to = sender.clone();
    signals::listen(move |signal| drop(to.send(Event::Signal(signal))))?;
    let to = sender.clone();
    let mut saves = Saves::new(poll, move || drop(to.send(Event::Saved)))?;
    let mut lesson = lesson;
    saves.watch_lesson(workspace, lesson)?;
    if let Some(polls) = &saves.polls {
        note(&why(polls));
    }

    thread::scope(|scope| {
        let start = |run, lesson: &Lesson, before| {
            let (to, lesson) = (sender.clone(), lesson.clone());
            start(scope, runner, before, move |runner| {
                let _ = to.send(Event::Ended(run, judge(runner, &lesson)));
            })
        };
        let mut run = 0;
        let mut going_on = Some(start(run, lesson, None));
        loop {
            let Ok(event) = events.recv() else {
                return Ok(Exit::Success);
            };
            match event {
                Event::Saved => {
                    if let Some((control, _)) = &going_on {
                        control.cancel();
                    }
                    run += 1;
                    going_on = Some(start(run, lesson, going_on.take()));
                }
                // It was too late to cancel it.
                Event::Ended(other, _) if other != run => {}
                Event::Ended(_, ended) => {
                    going_on = None;
                    let passes = match ended {
                        Ok((page, passes)) => {
                            term::print(&page);
                            passes
                        }
                        Err(error) => {
                            note(&format!(" error: {error:#}"));
                            false
                        }
                    };
                    let current = Store::peek(workspace).current(workspace)?;
                    if let Some(next) = current.filter(|_| follow && passes) {
                        lesson = next;
                        saves.watch_lesson(workspace, lesson)?;
                    }
                    let polls = saves.polls.as_deref();
                    note(&format!("\n {}: {}", waits(polls), lesson.file().display()));
                }
                Event::Signal(Signal::Continued) => {}
                Event::Signal(Signal::End(signal)) => {
                    if let Some((control, _)) = going_on.take() {
                        control.cancel();
                        control.wait_until_gone();
                    }
                    signals::die_of(signal);
                    return Ok(Exit::Failure);
                }
            }
        }
    })
}

/// A run that can be cancelled, and its thread.
type Going<'scope> = (Control, ScopedJoinHandle<'scope, ()>);

/// Starts a run, which begins when the one before has ended.
fn start<'scope>(
    scope: &'scope Scope<'scope, '_>,
    runner: &Runner,
    before: Option<Going<'scope>>,
    run: impl FnOnce(&Runner) + Send + 'scope,
) -> Going<'scope> {
    // Nobody follows the stages here, but a save and a signal cancel.
    let control = Control::new(|_| ());
    let runner = runner.with_control(&control);
    let thread = scope.spawn(move || {
        if let Some((_, thread)) = before {
            let _ = thread.join();
        }
        run(&runner);
    });
    (control, thread)
}

fn judge(runner: &Runner, lesson: &Lesson) -> Result<(String, bool)> {
    let (judged, page, _) = judged(runner, lesson)?;
    Ok((page, judged.passes()))
}
