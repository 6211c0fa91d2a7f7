//! What `watch` shows and what it does next: a state, the events that change it, and the actions that follow.
//! Nothing here touches a terminal, a file or a process.

use super::terminal::Size;
use super::text::Text;
use crate::run::control::Stage;
use crate::term::fold;
use crate::view::list::Row;

/// What happens to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A key was pressed.
    Key(Key),
    /// The screen has another size.
    Resize(Size),
    /// A file of the lesson was saved.
    Saved,
    /// A run is at another stage.
    Stage(RunId, Stage),
    /// A run has something to say before it ends.
    Said(RunId, String),
    /// A run has ended: with the page of a verdict, or of a mistake.
    Ended(RunId, End),
    /// The page of the last verdict, made anew.
    Rendered(String),
    /// A page to read: a hint, an error.
    Page(String),
    /// What may be chosen from.
    Rows(Choice, Vec<Row>),
    /// A line that some part of the runner has for the user.
    Note(String),
    /// The process was stopped, and goes on.
    Continued,
    /// A signal asks for the end, or the terminal has gone.
    Quit,
}

/// The number of a run, from 1. What an earlier run than the last has to say comes too late.
pub type RunId = u64;

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// The page; what is still to be said, in the case of a mistake.
    pub page: String,
    /// The index of the lesson to go on to, if this one is done and another is not.
    pub goes_on: Option<usize>,
}

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are what they are called")]
pub enum Key {
    Letter(char),
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    Enter,
    Escape,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-Z.
    Suspend,
}

/// What is chosen from a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The lesson to watch.
    Lesson,
    /// The mistake to see.
    Mistake,
}

/// What is to be done about an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// End the run that is going on.
    Cancel,
    /// Start a run.
    Start(RunId, Job),
    /// Tell of the saves of this lesson, and of no other.
    Watch(usize),
    /// Show the next hint of this lesson.
    Hint(usize),
    /// Compare this lesson with its reference.
    Compare(usize),
    /// List the lessons, or the mistakes of the one that is watched.
    List(Choice),
    /// Make the page of the last verdict for the size that the screen has now.
    Render,
    /// Give the terminal back and stop.
    Suspend,
    /// Take the terminal again.
    Resume,
    /// End.
    Quit,
}

/// What a run runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// The tests of a lesson.
    Tests {
        /// Its index among all.
        lesson: usize,
    },
    /// The test that catches a mistake.
    Mistake {
        /// The index of the lesson.
        lesson: usize,
        /// The index of the mistake, among those of the lesson.
        mistake: usize,
    },
}

/// What `watch` knows.
#[derive(Debug)]
pub struct State {
    /// The screen.
    pub size: Size,
    /// The names of all lessons.
    pub lessons: Vec<String>,
    /// The index of the one that is watched.
    pub lesson: usize,
    /// The run that is going on, and what it is at.
    pub going_on: Option<(Job, Option<Stage>)>,
    /// The verdict on the lesson; empty until there is one.
    pub verdict: Text,
    /// How many verdicts there were on it.
    pub verdicts: usize,
    /// The index of the lesson to go on to, where the last verdict says so.
    pub goes_on: Option<usize>,
    /// Whether the tests were to be run and have not ended since.
    stale: bool,
    /// What lies over the verdict.
    pub over: Option<Over>,
    /// Lines that stay until the next key.
    pub notes: Vec<String>,
    /// What was cancelled by a stop, to be started again.
    suspended: Option<Job>,
    /// The number of the last run that was started.
    run: RunId,
}

/// What may lie over the verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Over {
    /// Something to read, and the run that writes it, if one does.
    Text(Text, Option<RunId>),
    /// Something to choose from.
    List(List),
}

/// A list and the row that is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// What is chosen.
    pub choice: Choice,
    /// The rows.
    pub rows: Vec<Row>,
    /// The index of the row that Enter takes. Rows that choose nothing are passed over.
    pub at: usize,
    /// The first row on the screen.
    pub top: usize,
}

/// What `?` shows.
const HELP: &str = " Keys\n
   n         the next lesson
   p         the one before
   r         run the tests again, as a save does
   h         the next hint
   c         your code beside the reference
   l         all lessons, to choose one
   b         mistakes people make here, to watch one fail
   Space     the next screen of the page; arrows move a line
   g, G      its beginning, its end
   Esc       back to the verdict
   Ctrl-Z    stop for a while; fg goes on
   q         quit
";

/// The lines below the page: what is going on, and the keys.
pub const BELOW: usize = 2;

impl State {
    /// The beginning, and what to do first.
    pub fn new(lessons: Vec<String>, lesson: usize, size: Size) -> (Self, Vec<Action>) {
        let mut state = Self {
            size,
            lessons,
            lesson,
            going_on: None,
            verdict: Text::default(),
            verdicts: 0,
            goes_on: None,
            stale: false,
            over: None,
            notes: Vec::new(),
            suspended: None,
            run: 0,
        };
        let actions = state.go_to(lesson);
        (state, actions)
    }

    /// Whether this is the run that is going on.
    pub fn is_going_on(&self, run: RunId) -> bool {
        run == self.run && self.going_on.is_some()
    }

    /// The lines that the page has.
    pub fn rows(&self) -> usize {
        self.size.rows.saturating_sub(BELOW + self.notes_shown()).max(1)
    }

    /// How many lines of notes there is room for.
    pub fn notes_shown(&self) -> usize {
        self.notes.len().min(self.size.rows.saturating_sub(BELOW) / 2)
    }

    /// Takes in an event.
    pub fn on(&mut self, event: Event) -> Vec<Action> {
        let actions = match event {
            Event::Key(key) => return self.key(key),
            Event::Resize(size) => {
                self.size = size;
                self.verdict.fit(size.columns);
                if let Some(Over::Text(text, _)) = &mut self.over {
                    text.fit(size.columns);
                }
                vec![Action::Render]
            }
            Event::Saved => {
                // A learner who saves wants the verdict; one who is choosing goes on choosing.
                if let Some(Over::Text(..)) = self.over {
                    self.over = None;
                }
                self.start(Job::Tests { lesson: self.lesson })
            }
            Event::Stage(run, stage) => {
                if let Some((_, now)) = self.going_on.as_mut().filter(|_| run == self.run) {
                    *now = Some(stage);
                }
                vec![]
            }
            Event::Said(run, text) => {
                if self.is_going_on(run) {
                    self.say(&text);
                }
                vec![]
            }
            Event::Ended(run, end) => {
                if self.is_going_on(run) {
                    self.ended(end);
                }
                vec![]
            }
            Event::Rendered(page) => {
                let top = self.verdict.top;
                self.verdict = Text::new(page, self.size.columns);
                self.verdict.top = top;
                vec![]
            }
            Event::Page(page) => {
                let text = Text::new(page, self.size.columns);
                self.over = Some(Over::Text(text, None));
                vec![]
            }
            Event::Rows(choice, rows) => {
                self.list(choice, rows);
                vec![]
            }
            Event::Note(note) => self.note(&note),
            Event::Continued => {
                let mut actions = vec![Action::Resume];
                if let Some(job) = self.suspended.take() {
                    actions.extend(self.start(job));
                }
                actions
            }
            Event::Quit => self.quit(),
        };
        self.keep_in_bounds();
        actions
    }

    fn key(&mut self, key: Key) -> Vec<Action> {
        self.notes.clear();
        let actions = match key {
            Key::Interrupt | Key::Letter('q') => self.quit(),
            Key::Suspend => {
                let mut actions = self.cancel();
                self.suspended = self.going_on.take().map(|(job, _)| job);
                actions.push(Action::Suspend);
                actions
            }
            Key::Letter('n') => {
                let next = Some(self.lesson + 1).filter(|next| *next < self.lessons.len());
                match self.goes_on.or(next) {
                    Some(next) => self.go_to(next),
                    None => self.note(" This is the last lesson."),
                }
            }
            Key::Letter('p') if self.lesson > 0 => self.go_to(self.lesson - 1),
            Key::Letter('p') => self.note(" This is the first lesson."),
            Key::Letter('r') => self.on(Event::Saved),
            Key::Letter('h') => vec![Action::Hint(self.lesson)],
            Key::Letter('c') => vec![Action::Compare(self.lesson)],
            Key::Letter('l') => vec![Action::List(Choice::Lesson)],
            Key::Letter('?') => self.on(Event::Page(HELP.to_owned())),
            Key::Letter('b') => vec![Action::List(Choice::Mistake)],
            Key::Escape => self.back(),
            Key::Enter => self.choose(),
            key => {
                self.move_by(key);
                vec![]
            }
        };
        self.keep_in_bounds();
        actions
    }

    fn quit(&mut self) -> Vec<Action> {
        let mut actions = self.cancel();
        self.going_on = None;
        actions.push(Action::Quit);
        actions
    }

    fn note(&mut self, note: &str) -> Vec<Action> {
        let lines = note.lines().filter(|line| !line.is_empty());
        let columns = self.size.columns;
        self.notes.extend(lines.flat_map(|line| fold(line, columns)));
        vec![]
    }

    fn cancel(&self) -> Vec<Action> {
        self.going_on.iter().map(|_| Action::Cancel).collect()
    }

    fn start(&mut self, job: Job) -> Vec<Action> {
        let mut actions = self.cancel();
        self.stale |= matches!(job, Job::Tests { .. });
        self.run += 1;
        self.going_on = Some((job, None));
        actions.push(Action::Start(self.run, job));
        actions
    }

    fn go_to(&mut self, lesson: usize) -> Vec<Action> {
        self.lesson = lesson;
        self.over = None;
        self.verdict = Text::default();
        self.verdicts = 0;
        self.goes_on = None;
        let mut actions = vec![Action::Watch(lesson)];
        actions.extend(self.start(Job::Tests { lesson }));
        actions
    }

    /// Leaves what lies over the verdict, and does not go on with what it was for.
    fn back(&mut self) -> Vec<Action> {
        self.over = None;
        if !matches!(self.going_on, None | Some((Job::Mistake { .. }, _))) {
            return vec![];
        }
        let lesson = self.lesson;
        let mut actions = self.cancel();
        self.going_on = None;
        if self.stale {
            actions.extend(self.start(Job::Tests { lesson }));
        }
        actions
    }

    fn ended(&mut self, end: End) {
        match self.going_on.take() {
            Some((Job::Tests { .. }, _)) => {
                self.stale = false;
                self.verdicts += 1;
                self.goes_on = end.goes_on;
                let before = std::mem::take(&mut self.verdict);
                self.verdict = Text::new(end.page, self.size.columns);
                // The same page again: the reader goes on where they were.
                if self.verdict.lines == before.lines {
                    self.verdict.top = before.top;
                }
            }
            Some((Job::Mistake { .. }, _)) => self.say(&end.page),
            None => {}
        }
    }

    /// Adds to the page that the run writes. If the user has left it, there is nobody to tell.
    fn say(&mut self, more: &str) {
        match &mut self.over {
            Some(Over::Text(text, Some(run))) if *run == self.run => {
                text.push(more, self.size.columns);
            }
            _ => {}
        }
    }

    fn list(&mut self, choice: Choice, rows: Vec<Row>) {
        let here = match choice {
            Choice::Lesson => rows.iter().position(|row| row.chooses == Some(self.lesson)),
            Choice::Mistake => None,
        };
        let first = rows.iter().position(|row| row.chooses.is_some());
        match here.or(first) {
            Some(at) => {
                let top = 0;
                self.over = Some(Over::List(List { choice, rows, at, top }));
            }
            None => drop(self.note(" There is nothing to choose from.")),
        }
    }

    fn choose(&mut self) -> Vec<Action> {
        let Some(Over::List(list)) = &self.over else {
            self.move_by(Key::Down);
            return vec![];
        };
        let chosen = list.rows.get(list.at).and_then(|row| row.chooses);
        let lesson = self.lesson;
        match (list.choice, chosen) {
            (Choice::Lesson, Some(lesson)) if lesson == self.lesson => self.back(),
            (Choice::Lesson, Some(lesson)) => self.go_to(lesson),
            (Choice::Mistake, Some(mistake)) => {
                let actions = self.start(Job::Mistake { lesson, mistake });
                self.over = Some(Over::Text(Text::default(), Some(self.run)));
                actions
            }
            (_, None) => vec![],
        }
    }

    /// Moves through what is on the screen.
    fn move_by(&mut self, key: Key) {
        let rows = self.rows();
        let page = rows.saturating_sub(1).max(1);
        let by = |at: usize| match key {
            Key::Up | Key::Letter('k') => Some(at.saturating_sub(1)),
            Key::Down | Key::Letter('j') => Some(at + 1),
            Key::PageUp => Some(at.saturating_sub(page)),
            Key::PageDown | Key::Letter(' ') => Some(at + page),
            Key::Home | Key::Letter('g') => Some(0),
            Key::End | Key::Letter('G') => Some(usize::MAX),
            _ => None,
        };
        match &mut self.over {
            Some(Over::List(list)) => {
                let rows = 0..list.rows.len();
                let choosable: Vec<_> =
                    rows.filter(|at| list.rows[*at].chooses.is_some()).collect();
                let now = choosable.iter().position(|row| *row == list.at);
                if let Some(to) = by(now.unwrap_or(0)) {
                    let to = to.min(choosable.len().saturating_sub(1));
                    list.at = choosable.get(to).copied().unwrap_or(0);
                }
            }
            Some(Over::Text(text, _)) => text.move_to(by(text.top).unwrap_or(text.top), rows),
            None => {
                let top = self.verdict.top;
                self.verdict.move_to(by(top).unwrap_or(top), rows);
            }
        }
    }

    /// After anything that may have changed the size of the screen or of what is on it.
    fn keep_in_bounds(&mut self) {
        let rows = self.rows();
        self.verdict.move_to(self.verdict.top, rows);
        match &mut self.over {
            Some(Over::Text(text, _)) => text.move_to(text.top, rows),
            Some(Over::List(list)) => {
                // With the heading above the first, and with what belongs to the row below it.
                let chooses = |row: &Row| row.chooses.is_some();
                let next = list.rows[list.at + 1..].iter().position(chooses);
                let end = next.map_or(list.rows.len(), |next| list.at + 1 + next);
                let first = list.rows.iter().position(chooses);
                let begin = if first == Some(list.at) { 0 } else { list.at };
                let most = begin.max((list.at + 1).saturating_sub(rows));
                list.top = list.top.max(end.saturating_sub(rows)).min(most);
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests;
