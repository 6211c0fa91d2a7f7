//! A module per command.

pub mod break_;
pub mod grade;
pub mod hint;
pub mod list;
pub mod new;
pub mod next;
pub mod test;
pub mod verify;

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
