//! Carries out what the [`State`] asks for, on a terminal.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use crossterm::event::{self, KeyCode, KeyEventKind, KeyModifiers};

use super::saves::Saves;
use super::signals::{self, Signal};
use super::state::{Action, Choice, End, Event, Job, Key, RunId, State};
use super::terminal::{Size, Terminal};
use super::{index_of, judged, screen, waits, why};
use crate::commands::test::Judged;
use crate::commands::{Exit, break_, compare, hint};
use crate::course::{Lesson, hints};
use crate::learner::progress::Store;
use crate::run::Runner;
use crate::run::control::{Cancelled, Control};
use crate::run::report_page::ReportPage;
use crate::scratch::mistake::Mistake;
use crate::term::{self, Marks, divert_notes};
use crate::view::{LessonPage, list};

/// How long a stop of the whole job may take to reach this process.
const STOP: Duration = Duration::from_millis(300);

/// How long the end waits for the last hint to be remembered.
const REMEMBER: Duration = Duration::from_secs(1);

/// What the threads of the program tell the one that has the screen.
enum Message {
    /// Something for the state.
    Event(Event),
    /// A run has ended with a verdict on this lesson. The event about it follows.
    Judged(RunId, usize, Box<Judged>),
    /// A signal.
    Signal(Signal),
    /// A thread has panicked; its message is on the screen that was given back.
    Broken,
}

/// Watches `lesson` until the user has enough.
pub fn run(runner: &Runner, lesson: &Lesson, poll: bool) -> Result<Exit> {
    let (sender, messages) = mpsc::channel();
    let start = index_of(&runner.workspace, lesson);
    let saves = Saves::new(poll, {
        let sender = sender.clone();
        move || send(&sender, Event::Saved)
    })?;
    signals::listen({
        let sender = sender.clone();
        move |signal| drop(sender.send(Message::Signal(signal)))
    })
    .context("the system does not hand on signals")?;
    let terminal = Terminal::take().context("the terminal cannot be taken; is it one?")?;
    let notes = DivertedNotes::to(&sender);
    on_a_thread(&sender, listen_to_keys);

    let names = runner.workspace.lessons.iter().map(|lesson| lesson.name.clone());
    let size = terminal.size()?;
    // The screen is what it is, whatever `COLUMNS` says.
    term::fit_to(size.columns);
    let (state, actions) = State::new(names.collect(), start, size);
    let mut app = App {
        runner: runner.clone(),
        marks: Marks::of_locale(),
        terminal,
        saves,
        said_why: false,
        sender,
        messages,
        state,
        run: None,
        judged: None,
        hints: None,
        asked: None,
        remembering: None,
        mistakes: Vec::new(),
    };
    let ended = app.run(actions);
    app.end_run();
    app.remember();
    let (judged, marks) = (app.judged.take(), app.marks);
    drop((app, notes));
    if let Some((lesson, judged)) = judged {
        let workspace = &*runner.workspace;
        let page = LessonPage::of(workspace, &workspace.lessons[lesson], marks);
        term::print(&summary(&page, &judged).unwrap_or_else(told));
    }
    if let Some(signal) = ended? {
        signals::die_of(signal);
    }
    Ok(Exit::Success)
}

struct App {
    runner: Runner,
    marks: Marks,
    terminal: Terminal,
    saves: Saves,
    /// Whether the user knows why the files are looked at again and again.
    said_why: bool,
    sender: mpsc::Sender<Message>,
    messages: mpsc::Receiver<Message>,
    state: State,
    /// The last run that was started.
    run: Option<(Control, JoinHandle<()>)>,
    /// The last verdict, and the index of its lesson.
    judged: Option<(usize, Box<Judged>)>,
    /// The lesson whose hint was shown last, and the hint's number: the progress may not know it yet.
    hints: Option<(usize, usize)>,
    /// The lesson whose reference was asked for before it was finished.
    asked: Option<usize>,
    /// Writes into the progress what was shown.
    remembering: Option<JoinHandle<()>>,
    /// Those of the lesson whose mistakes were listed last.
    mistakes: Vec<Mistake>,
}

impl App {
    /// Runs until the end; says which signal asked for it, if one did.
    fn run(&mut self, first: Vec<Action>) -> Result<Option<i32>> {
        if self.perform(first)? {
            return Ok(None);
        }
        loop {
            self.draw()?;
            // All that has happened meanwhile is drawn at once.
            let first = self.messages.recv().context("nobody sends any more")?;
            let more: Vec<_> = self.messages.try_iter().collect();
            for message in [first].into_iter().chain(more) {
                let (event, signal) = match message {
                    Message::Event(event) => (event, None),
                    Message::Signal(Signal::Continued) => (Event::Continued, None),
                    Message::Signal(Signal::End(signal)) => (Event::Quit, Some(signal)),
                    Message::Judged(run, lesson, judged) => {
                        if self.state.is_going_on(run) {
                            self.judged = Some((lesson, judged));
                        }
                        continue;
                    }
                    Message::Broken => {
                        return Err(anyhow!(
                            "a part of `watch` failed, which is a bug of the runner; `cargo xtask next` does without it"
                        ));
                    }
                };
                if let Event::Resize(size) = &event {
                    term::fit_to(size.columns);
                }
                let actions = self.state.on(event);
                if self.perform(actions)? {
                    return Ok(signal);
                }
            }
        }
    }

    fn draw(&self) -> Result<()> {
        let waits = waits(self.saves.polls.as_deref());
        let lines = screen::draw(&self.state, self.marks, self.runner.colour, waits);
        self.terminal.draw(&lines).context("the terminal is gone")
    }

    /// `true`: that was the end.
    fn perform(&mut self, actions: Vec<Action>) -> Result<bool> {
        for action in actions {
            let event = match action {
                Action::Cancel => {
                    self.run.iter().for_each(|(control, _)| control.cancel());
                    None
                }
                Action::Start(run, job) => {
                    self.start(run, job);
                    None
                }
                Action::Watch(lesson) => Some(self.watch(lesson)?),
                Action::Hint(lesson) => Some(Event::Page(self.hint(lesson).unwrap_or_else(told))),
                Action::Compare(lesson) => {
                    let compared = self.compare(lesson);
                    Some(compared.unwrap_or_else(|error| Event::Page(told(error))))
                }
                Action::List(Choice::Lesson) => Some(self.list()),
                Action::List(Choice::Mistake) => Some(self.list_mistakes()),
                Action::Render => self.render(),
                Action::Suspend => {
                    self.suspend();
                    None
                }
                Action::Resume => Some(self.resume()?),
                Action::Quit => return Ok(true),
            };
            if let Some(event) = event {
                let actions = self.state.on(event);
                if self.perform(actions)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Tells of the saves in another lesson. Its name stands on the screen until its verdict does.
    fn watch(&mut self, lesson: usize) -> Result<Event> {
        let workspace = &self.runner.workspace;
        let lesson = &workspace.lessons[lesson];
        self.judged = None;
        self.saves.watch_lesson(workspace, lesson)?;
        if let Some(polls) = self.saves.polls.as_deref().filter(|_| !self.said_why) {
            send(&self.sender, Event::Note(why(polls)));
            self.said_why = true;
        }
        let page = LessonPage::of(workspace, lesson, self.marks);
        Ok(Event::Rendered(page.header()))
    }

    /// Starts a run on a thread of its own, as soon as the one before has ended.
    fn start(&mut self, run: RunId, job: Job) {
        let control = Control::new({
            let sender = self.sender.clone();
            move |stage| send(&sender, Event::Stage(run, stage))
        });
        let runner = self
            .runner
            .with_report(ReportPage::of_stdout(self.runner.colour))
            .with_control(&control);
        let before = self.run.take();
        let mistake = match job {
            Job::Mistake { mistake, .. } => self.mistakes.get(mistake).cloned(),
            Job::Tests { .. } => None,
        };
        let marks = self.marks;
        let thread = on_a_thread(&self.sender, move |sender| {
            if let Some((_, before)) = before {
                // If it panicked, that was told.
                let _ = before.join();
            }
            let lessons = &runner.workspace.lessons;
            let ended = match (job, mistake) {
                (Job::Mistake { lesson, .. }, Some(mistake)) => {
                    let page = LessonPage::of(&runner.workspace, &lessons[lesson], marks);
                    let mut say = |text: &str| send(sender, Event::Said(run, text.to_owned()));
                    break_::show(&runner, &page, &mistake, &mut say).map(|_| End::default())
                }
                (Job::Mistake { lesson, .. } | Job::Tests { lesson }, _) => {
                    judge(&runner, &lessons[lesson]).map(|(end, judged)| {
                        let _ = sender.send(Message::Judged(run, lesson, Box::new(judged)));
                        end
                    })
                }
            };
            let end = match ended {
                Ok(end) => end,
                Err(error) if Cancelled::is_cause_of(&error) => return,
                Err(error) => End { page: told(error), goes_on: None },
            };
            send(sender, Event::Ended(run, end));
        });
        self.run = Some((control, thread));
    }

    /// The next hint, at once: the progress is written when no run has it.
    fn hint(&mut self, at: usize) -> Result<String> {
        let lesson = &self.runner.workspace.lessons[at];
        let hints = hints::read(&self.runner.workspace, lesson)?;
        if hints.is_empty() {
            return Ok(hint::none(lesson));
        }
        let mut n = hint::next(&hints, &Store::peek(&self.runner.workspace), lesson);
        if let Some((_, shown)) = self.hints.filter(|(of, _)| *of == at) {
            n = n.max(shown + 1).min(hints.len());
        }
        self.hints = Some((at, n));
        let remembered = lesson.clone();
        let left = match hints.len() - n {
            0 => " That was the last one.\n".to_owned(),
            left => format!(" {left} more: h\n"),
        };
        let shown = hint::render(&hints[n - 1], n, hints.len()) + &left;
        self.note_progress(move |store| hint::remember(store, &remembered, n));
        Ok(shown)
    }

    /// The learner's code beside the reference; before the lesson is finished, only if the key is pressed twice.
    fn compare(&mut self, at: usize) -> Result<Event> {
        let workspace = &self.runner.workspace;
        let lesson = workspace.lessons[at].clone();
        let known = compare::has_seen(workspace, &Store::peek(workspace), &lesson)?;
        if !known && self.asked != Some(at) {
            self.asked = Some(at);
            return Ok(Event::Note(format!(
                " You have not finished {}. c once more shows its reference.",
                lesson.name
            )));
        }
        let page = LessonPage::of(workspace, &lesson, self.marks);
        let shown = compare::difference(&page)?;
        if !known {
            self.note_progress(move |store| compare::remember(store, &lesson));
        }
        Ok(Event::Page(shown))
    }

    /// Changes the progress, as soon as no run has it.
    fn note_progress(&mut self, change: impl FnOnce(&mut Store) -> Result<()> + Send + 'static) {
        let workspace = Arc::clone(&self.runner.workspace);
        let thread = on_a_thread(&self.sender, move |sender| {
            let saved = Store::open(&workspace).and_then(|mut store| change(&mut store));
            if let Err(error) = saved {
                send(sender, Event::Note(told(error)));
            }
        });
        self.remembering = Some(thread);
    }

    fn list(&self) -> Event {
        let workspace = &self.runner.workspace;
        match list::rows(workspace, &Store::peek(workspace), self.marks) {
            Ok(rows) => Event::Rows(Choice::Lesson, rows),
            Err(error) => Event::Page(told(error)),
        }
    }

    fn list_mistakes(&mut self) -> Event {
        let lesson = &self.runner.workspace.lessons[self.state.lesson];
        self.mistakes = break_::read(&self.runner.workspace, lesson);
        Event::Rows(Choice::Mistake, break_::rows(self.marks, &self.mistakes))
    }

    /// The page of the verdict for the screen as it is.
    fn render(&self) -> Option<Event> {
        let (lesson, judged) = self.judged.as_ref()?;
        let lesson = &self.runner.workspace.lessons[*lesson];
        let progress = Store::peek(&self.runner.workspace);
        let page = judged.page(&self.runner.workspace, &progress, lesson);
        Some(Event::Rendered(page.unwrap_or_else(told)))
    }

    /// Gives the terminal back and stops. What ends the stop is a signal, and [`App::resume`] follows on it.
    fn suspend(&mut self) {
        self.end_run();
        self.terminal.leave();
        signals::stop_job();
        // A moment, in which the signal arrives and stops this thread too. Where nothing stops the process, it
        // goes on as if it had been continued.
        let sender = self.sender.clone();
        thread::spawn(move || {
            thread::sleep(STOP);
            send(&sender, Event::Continued);
        });
    }

    fn resume(&mut self) -> Result<Event> {
        // The shell may have changed the terminal, and its size.
        self.terminal.leave();
        self.terminal.enter().context("the terminal cannot be taken again")?;
        let size = self.terminal.size()?;
        term::fit_to(size.columns);
        Ok(Event::Resize(size))
    }

    /// Waits a moment for the progress to be written. Another runner may have it for longer.
    fn remember(&mut self) {
        let begun = Instant::now();
        let writes = |thread: &JoinHandle<()>| !thread.is_finished();
        while self.remembering.as_ref().is_some_and(writes) && begun.elapsed() < REMEMBER {
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn end_run(&mut self) {
        if let Some((control, _)) = &self.run {
            control.cancel();
            control.wait_until_gone();
        }
    }
}

fn judge(runner: &Runner, lesson: &Lesson) -> Result<(End, Judged)> {
    runner.control.check()?;
    let (judged, page, current) = judged(runner, lesson)?;
    let current = current.filter(|_| judged.passes());
    let goes_on = current.map(|current| index_of(&runner.workspace, current));
    Ok((End { page, goes_on }, judged))
}

/// The first lines of the last verdict, for the screen that is left.
fn summary(page: &LessonPage<'_>, judged: &Judged) -> Result<String> {
    if judged.result.is_err() {
        return Ok(page.begin() + " It does not compile yet.\n");
    }
    let text = judged.page(page.workspace, &Store::peek(page.workspace), page.lesson)?;
    let paragraphs: Vec<_> = text.split("\n\n").take(2).collect();
    Ok(format!("{}\n", paragraphs.join("\n\n").trim_end()))
}

/// An error as a page.
fn told(error: anyhow::Error) -> String {
    format!(" error: {error:#}\n")
}

fn send(sender: &mpsc::Sender<Message>, event: Event) {
    // Nobody listens any more: the program is about to end.
    let _ = sender.send(Message::Event(event));
}

/// Runs `work` on a thread, and tells if it panics.
fn on_a_thread(
    sender: &mpsc::Sender<Message>,
    work: impl FnOnce(&mpsc::Sender<Message>) + Send + 'static,
) -> JoinHandle<()> {
    let sender = sender.clone();
    thread::spawn(move || {
        if catch_unwind(AssertUnwindSafe(|| work(&sender))).is_err() {
            let _ = sender.send(Message::Broken);
        }
    })
}

/// Hands on what the user types, and the size of the terminal, until either is gone.
fn listen_to_keys(sender: &mpsc::Sender<Message>) {
    loop {
        let event = match event::read() {
            Ok(event::Event::Key(key)) if key.kind != KeyEventKind::Release => {
                key_of(key).map(Event::Key)
            }
            Ok(event::Event::Resize(columns, rows)) => {
                Some(Event::Resize(Size::of((columns, rows))))
            }
            Ok(_) => None,
            Err(_) => return send(sender, Event::Quit),
        };
        if let Some(event) = event {
            send(sender, event);
        }
    }
}

fn key_of(key: event::KeyEvent) -> Option<Key> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char('c' | 'C') if control => Key::Interrupt,
        KeyCode::Char('z' | 'Z') if control => Key::Suspend,
        KeyCode::Char(_) if control || key.modifiers.contains(KeyModifiers::ALT) => return None,
        KeyCode::Char(letter) => Key::Letter(letter),
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc | KeyCode::Backspace => Key::Escape,
        _ => return None,
    })
}

/// Sends the notes to the screen until it is dropped.
struct DivertedNotes;

impl DivertedNotes {
    fn to(sender: &mpsc::Sender<Message>) -> Self {
        let sender = sender.clone();
        let send = move |note: &str| send(&sender, Event::Note(note.to_owned()));
        divert_notes(Some(Box::new(send)));
        Self
    }
}

impl Drop for DivertedNotes {
    fn drop(&mut self) {
        divert_notes(None);
    }
}
