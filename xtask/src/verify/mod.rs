//! The gates: what must hold of every lesson before anybody is sent into it.
//!
//! May use [`view`](crate::view) and the rooms below it.

pub mod browser;
pub mod caught;
mod dry_run;
pub mod gates;
pub mod go;
mod lock;
pub mod reference;
pub mod sanitizer;
mod sentences;
pub mod table;
mod texts;
pub mod workspace_tests;

/// What has to change in `old` to make `new` of it.
fn hunks(old: &str, new: &str) -> String {
    let patch = diffy::create_patch(old, new).to_string();
    let hunks = patch.lines().skip_while(|line| !line.starts_with("@@"));
    hunks.collect::<Vec<_>>().join("\n")
}

/// The problem with a program of another's that failed: the end of what it said names what, and there may be a lot of it.
fn ended(command: &str, status: std::process::ExitStatus, said: &str) -> Vec<String> {
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let from = lines.len().saturating_sub(40);
    let mut problems = vec![format!("`{command}` ended with {status}; the end of what it said:")];
    problems.extend(lines[from..].iter().map(|line| (*line).to_owned()));
    problems
}

/// What a gate is of that is not of one lesson.
pub const WORKSPACE: &str = "workspace";

/// One thing that must hold, and whether it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// The lesson, or `workspace` for what concerns all of it.
    pub of: String,
    /// What is tested, in a word.
    pub name: &'static str,
    /// A note for the table, or the problems.
    pub result: Result<String, Vec<String>>,
}

impl Gate {
    /// A gate that passes where there are no problems.
    pub fn new(
        of: &str,
        name: &'static str,
        problems: Vec<String>,
        note: impl Into<String>,
    ) -> Self {
        let result = if problems.is_empty() { Ok(note.into()) } else { Err(problems) };
        Self { of: of.to_owned(), name, result }
    }
}
