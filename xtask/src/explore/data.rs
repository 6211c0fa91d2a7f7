//! What is shown, as data. The same goes into the page and, with `--json`, to stdout.
//!
//! A field may be added; one that changes its meaning raises [`VERSION`].
//!
//! The model writes the part that is [`Recorded`]; the runner adds the rest. Numbers that refer to something are places
//! in an array, counted from 0: a run's `steps` are places in `ops`.

use serde::{Deserialize, Serialize};

/// The version of the format.
pub const VERSION: u32 = 1;

/// The whole.
#[derive(Debug, Serialize)]
pub struct Explored {
    /// `explore`.
    pub format: &'static str,
    /// [`VERSION`].
    pub version: u32,
    /// The lesson's name.
    pub lesson: String,
    /// The name of the test, without its heading.
    pub test: String,
    /// What the test is for.
    pub about: Option<String>,
    /// Whose code ran: `yours`, `the reference` or `the mistake NAME`.
    pub code: String,
    /// Which of the test's models it is.
    pub model: Nth,
    /// The run that the verdict shows, if one fails.
    pub found: Option<usize>,
    /// What the model wrote.
    #[serde(flatten)]
    pub recorded: Recorded,
}

/// One of several.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Nth {
    /// Its number, from 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
}

/// The interleavings that a model explored.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    /// How many, and whether these are all.
    pub coverage: String,
    /// Why some are missing, if they are.
    pub cut: Option<String>,
    /// How many of the runs fail.
    pub failing: usize,
    /// The fewest forced switches of a run that fails.
    pub fewest_switches: Option<usize>,
    /// The files that steps come from.
    pub sources: Vec<Source>,
    /// The names of the threads.
    pub threads: Vec<String>,
    /// What steps touch, and what has a state.
    pub objects: Vec<Object>,
    /// The steps: each stands here once, whichever runs have it.
    pub ops: Vec<Op>,
    /// Changes of the state, likewise: of an object, what a label says now, or `null` if nothing any more.
    pub deltas: Vec<Vec<(usize, String, Option<String>)>>,
    /// The interleavings. Of those that look alike only one is here. The one that the verdict shows comes first.
    pub runs: Vec<Run>,
}

/// A source file.
#[derive(Debug, Deserialize, Serialize)]
pub struct Source {
    /// Its path, from the workspace's root.
    pub path: String,
    /// What it is.
    #[serde(default)]
    pub role: Role,
    /// What it says, as it was when it was built.
    pub text: String,
}

/// What a source file is.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The lesson's code.
    Lesson,
    /// The models.
    Model,
    /// Neither.
    #[default]
    Other,
}

/// Something that steps touch.
#[derive(Debug, Deserialize, Serialize)]
pub struct Object {
    /// What the dry run calls it.
    pub name: String,
    /// `mutex`, `reader-writer lock`, `condition variable`, `atomic`, `cell`, `counted` (an `Arc`), `channel`, `clock`,
    /// `thread`, or `order`: the one that all operations of `SeqCst` have.
    pub kind: String,
}

/// A step of a thread.
#[derive(Debug, Deserialize, Serialize)]
pub struct Op {
    /// Whose it is.
    pub thread: usize,
    /// What it does.
    pub text: String,
    /// What came of it: a value read, say. Two steps of a thread that differ in nothing else are one choice of the model's.
    pub note: Option<String>,
    /// The file that it comes from, if that is known.
    pub source: Option<usize>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The object that it is about.
    pub object: Option<usize>,
    /// The objects that it reads (`r`) or writes (`w`). Two steps of different threads depend on each other if they touch the
    /// same object and one of them writes it.
    pub touches: Vec<(usize, String)>,
    /// Whether it belongs to the step of its thread before it: the model lets no other thread come between.
    pub together: bool,
}

/// An interleaving.
#[derive(Debug, Deserialize, Serialize)]
pub struct Run {
    /// Its steps, in their order.
    pub steps: Vec<usize>,
    /// For each step, what it changed. What a thread may see of an atomic (`NAME may see`) is said only if that is not
    /// just the newest value.
    pub delta: Vec<usize>,
    /// For each step, which threads could go on before it: the sum of 1 << thread. 0 for one that never took effect.
    pub able: Vec<u32>,
    /// How often a thread was stopped that could have gone on.
    pub switches: usize,
    /// How it fails, if it does.
    pub end: Option<End>,
}

/// How an interleaving fails.
#[derive(Debug, Deserialize, Serialize)]
pub struct End {
    /// `deadlock`, `data race`, `leak`, `panic`, `use after drop`, `too many steps`, `stuck` or `set-up`.
    pub kind: String,
    /// What happened, in lines. "row 8" is the eighth step.
    pub message: String,
    /// What kind of mistake that usually is, if its pattern leaves no doubt.
    pub cause: Option<String>,
    /// The steps to look at.
    pub rows: Vec<Mark>,
}

/// What a reader must not miss about a step.
#[derive(Debug, Deserialize, Serialize)]
pub struct Mark {
    /// Its place in the run's `steps`.
    pub step: usize,
    /// A few words.
    pub text: String,
}

impl Explored {
    /// Changes every text that may name a place in the source.
    pub fn rename(&mut self, rename: impl Fn(&str) -> String) {
        for source in &mut self.recorded.sources {
            source.path = rename(&source.path);
        }
        for op in &mut self.recorded.ops {
            op.text = rename(&op.text);
        }
        for end in self.recorded.runs.iter_mut().filter_map(|run| run.end.as_mut()) {
            end.message = rename(&end.message);
            end.cause = end.cause.as_deref().map(&rename);
        }
    }
}
