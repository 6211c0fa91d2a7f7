//! A module per command.

pub mod break_;
pub mod hint;
pub mod list;
pub mod next;
pub mod test;
pub mod verify;
pub mod watch;

/// A line of a list, and what choosing it in `watch` chooses: its place among the lessons or mistakes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line, without its line break.
    pub text: String,
    /// `None` for headings and for what belongs to the row above.
    pub chooses: Option<usize>,
}

/// The rows as text.
pub fn lines(rows: &[Row]) -> String {
    rows.iter().map(|row| format!("{}\n", row.text)).collect()
}

/// What the process says to the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The lesson passes; the command did what it was asked.
    Success,
    /// It does not.
    Failure,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Success => Self::SUCCESS,
            Exit::Failure => Self::FAILURE,
        }
    }
}
