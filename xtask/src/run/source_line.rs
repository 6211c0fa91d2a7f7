//! A line of a source file, as rustc and a panic's message name it.

use std::fmt;

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceLine {
    /// The path, as the compiler wrote it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl SourceLine {
    /// Reads `src/a.rs:4:9` or `src/a.rs:4`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(3, ':');
        let last = parts.next()?.parse().ok()?;
        let before = parts.next()?;
        let (file, line) = match (before.parse(), parts.next()) {
            (Ok(line), Some(file)) => (file, line),
            _ => (before, last),
        };
        Some(Self { file: file.to_owned(), line })
    }

    /// The last part of the path and the line, for a page without room for the whole path.
    pub fn short(&self) -> String {
        let file = self.file.rsplit(['/', '\\']).next().unwrap_or(&self.file);
        format!("{file}:{}", self.line)
    }
}

impl fmt::Display for SourceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
