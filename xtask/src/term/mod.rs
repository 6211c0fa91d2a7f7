//! The terminal: colours, marks, how wide it is, and text that fits it. Text is made with colours and goes out
//! through anstream, which takes them away where they are not wanted: in a pipe, under `NO_COLOR`.
//!
//! Widths, folding and numbers in words are the harness's: a dry run is measured as its page is. May use nothing of
//! the runner.

use std::fmt::Display;
use std::io::{Error, ErrorKind, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use anstyle::{AnsiColor, Style};
use harness_base::page::DEFAULT_WIDTH;
use terminal_size::{Width, terminal_size_of};

pub use harness_base::text::{
    NO_BREAK, columns, count, fold, letter_columns, plural, shorten, thousands, wrap,
};

/// The widest that prose is set: longer lines are hard to read.
const WIDEST_PROSE: usize = 80;
/// The widest that a report is asked for. A model has at most five threads, each with a column.
const WIDEST_REPORT: usize = 160;
/// The narrowest that anything is set. On a narrower terminal lines are broken by the terminal.
const NARROWEST: usize = 40;

/// The columns of the terminal, once [`fit_to_terminal`] has looked.
static TERMINAL: AtomicUsize = AtomicUsize::new(DEFAULT_WIDTH);

/// Looks how wide the terminal is. Where this is never called, as in tests, it is as wide as where there is no
/// terminal.
pub fn fit_to_terminal() {
    let variable = std::env::var("COLUMNS").ok();
    let of_stdout = terminal_size_of(std::io::stdout()).map(|(Width(columns), _)| columns.into());
    fit_to(terminal_columns(variable.as_deref(), of_stdout));
}

/// The terminal has so many columns now.
pub fn fit_to(columns: usize) {
    TERMINAL.store(columns.max(NARROWEST), Ordering::Relaxed);
}

/// The variable `COLUMNS` wins over the terminal: it was set on purpose.
fn terminal_columns(variable: Option<&str>, of_stdout: Option<usize>) -> usize {
    let wanted = variable.and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
    wanted.or(of_stdout).unwrap_or(DEFAULT_WIDTH)
}

/// The columns that a line may take before the terminal breaks it.
pub fn terminal_width() -> usize {
    TERMINAL.load(Ordering::Relaxed)
}

/// The columns that prose may take, its margin included.
pub fn width() -> usize {
    terminal_width().min(WIDEST_PROSE)
}

/// The columns that a report may take, its margin included.
pub fn report_width() -> usize {
    terminal_width().min(WIDEST_REPORT)
}

/// What passed.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// What is wrong.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// What is still to do, and what wants attention.
pub const OPEN: Style = AnsiColor::Yellow.on_default();
/// What a diff takes away.
pub const GONE: Style = AnsiColor::Red.on_default();
/// What a diff puts there.
pub const NEW: Style = AnsiColor::Green.on_default();
/// Headings and names.
pub const STRONG: Style = Style::new().bold();
/// What may be passed over.
pub const FAINT: Style = Style::new().dimmed();

/// Prints `text` on stdout, with its colours where they are wanted. A reader that has gone, as in
/// `cargo xtask list | head -1`, is no error. Any other is kept for [`lost`].
pub fn print(text: &str) {
    let mut stdout = anstream::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        let _ = LOST.set(error);
    }
}

static LOST: OnceLock<Error> = OnceLock::new();

/// Why something that was printed did not arrive.
pub fn lost() -> Option<&'static Error> {
    LOST.get()
}

/// Who takes the notes, where that is not stderr.
static NOTES: Mutex<Option<NoteTaker>> = Mutex::new(None);

/// See [`divert_notes`].
pub type NoteTaker = Box<dyn Fn(&str) + Send>;

/// Hands every [`note`] to `to` from now on, or to stderr again: `watch` has the whole screen, and a line on
/// stderr would spoil it.
pub fn divert_notes(to: Option<NoteTaker>) {
    *NOTES.lock().unwrap_or_else(PoisonError::into_inner) = to;
}

/// Prints a line on stderr, in one piece. Nobody need be there to read it.
pub fn note(text: &str) {
    let notes = NOTES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(take) = &*notes {
        return take(text);
    }
    let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
}

/// `text` in `style`.
pub fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// `text` without its colours.
pub fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// The signs of a verdict: from Unicode where the locale has it, from ASCII elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// Passed.
    pub good: &'static str,
    /// Failure.
    pub bad: &'static str,
    /// Not written yet, not run, not begun.
    pub open: &'static str,
    /// Changed since it passed.
    pub changed: &'static str,
    /// The reference is in place of the learner's file.
    pub swapped: &'static str,
    /// Between the parts of a line.
    pub dot: &'static str,
    /// Where text was left out.
    pub more: &'static str,
    /// The lesson to work on.
    pub here: &'static str,
    /// A bar: what is done of it, and what is not.
    pub bar: [&'static str; 2],
}

/// For a terminal that shows Unicode.
pub const UNICODE: Marks = Marks {
    good: "✓",
    bad: "✗",
    open: "○",
    changed: "~",
    swapped: "⇄",
    dot: "·",
    more: "…",
    here: "▸",
    bar: ["█", "░"],
};

/// For any other.
pub const ASCII: Marks = Marks {
    good: "+",
    bad: "x",
    open: "o",
    changed: "~",
    swapped: "=",
    dot: "-",
    more: "...",
    here: ">",
    bar: ["#", "."],
};

impl Marks {
    /// The marks that the locale can show.
    pub fn of_locale() -> Self {
        if harness_base::page::is_unicode() { UNICODE } else { ASCII }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_width_is_that_of_the_terminal_unless_columns_says_otherwise() {
        assert_eq!(terminal_columns(None, None), 80);
        assert_eq!(terminal_columns(None, Some(132)), 132);
        assert_eq!(terminal_columns(Some("60"), Some(132)), 60);
        assert_eq!(terminal_columns(Some("60"), None), 60);
        assert_eq!(terminal_columns(Some("wide"), Some(132)), 132);
        assert_eq!(terminal_columns(Some("0"), Some(20)), 20);
    }
}
