//! What a learner begins with, as the solution keeps it.
//!
//! Each line has `| ` in front. Without that, git would take the file for the exercise's own: when a lesson is
//! renumbered, a merge would put what the learner wrote here, and the stub in its place.

use std::fs;
use std::io::{Error, ErrorKind, Result};

use crate::course::{Lesson, Workspace};

/// The stub of `lesson`.
///
/// # Errors
///
/// It cannot be read, or a line has nothing in front.
pub fn read(workspace: &Workspace, lesson: &Lesson) -> Result<String> {
    let text = fs::read_to_string(workspace.path(lesson.stub()))?;
    let line = |(number, line): (usize, &str)| {
        let bare = line.strip_prefix("| ").or_else(|| line.strip_prefix('|'));
        let wrong = || format!("line {number} does not begin with `| `");
        bare.map(str::to_owned).ok_or_else(|| Error::new(ErrorKind::InvalidData, wrong()))
    };
    (1..).zip(text.split_inclusive('\n')).map(line).collect()
}

/// A stub as its solution keeps it.
pub fn kept(text: &str) -> String {
    let line = |line| format!("| {line}");
    let lines: String = text.split_inclusive('\n').map(line).collect();
    lines.replace("| \n", "|\n")
}
