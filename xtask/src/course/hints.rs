//! The hints of a lesson, in its `HINTS.md`.

use anyhow::Result;

use super::{Lesson, Workspace};

/// A hint: its heading and its text.
#[derive(Debug, PartialEq, Eq)]
pub struct Hint {
    /// What stands after `## `.
    pub title: String,
    /// The Markdown below it.
    pub text: String,
}

/// The hints of a `HINTS.md`, a `## ` heading each, from a nudge to nearly the code.
pub fn parse(markdown: &str) -> Vec<Hint> {
    let mut hints: Vec<Hint> = Vec::new();
    let mut in_code = false;
    for line in markdown.lines() {
        in_code ^= line.trim_start().starts_with("```");
        if let Some(title) = line.strip_prefix("## ").filter(|_| !in_code) {
            hints.push(Hint { title: title.trim().to_owned(), text: String::new() });
        } else if let Some(hint) = hints.last_mut() {
            hint.text.push_str(line);
            hint.text.push('\n');
        }
    }
    for hint in &mut hints {
        hint.text = hint.text.trim().to_owned();
    }
    hints
}

/// The hints of a lesson.
pub fn read(workspace: &Workspace, lesson: &Lesson) -> Result<Vec<Hint>> {
    Ok(parse(&workspace.read(&lesson.hints())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_stand_under_headings_of_the_second_level() {
        let text = "# Hints\n\nintro\n\n## Hint 1\n\nLook.\n\n```rust\n## not a heading\n```\n\n## Hint 2: code\nType.\n";
        let hints = parse(text);
        assert_eq!(hints.len(), 2);
        assert_eq!(hints[0].title, "Hint 1");
        assert_eq!(hints[0].text, "Look.\n\n```rust\n## not a heading\n```");
        assert_eq!(hints[1].title, "Hint 2: code");
        assert_eq!(hints[1].text, "Type.");
    }
}
