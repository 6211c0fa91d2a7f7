//! `cargo xtask hint [LESSON] [--all]`: one hint more, or all of them.

use std::fs;

use anyhow::{Context, Result};

use super::Exit;
use crate::progress::Store;
use crate::select;
use crate::style::{STRONG, paint};
use crate::workspace::Workspace;

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
            hints.push(Hint {
                title: title.trim().to_owned(),
                text: String::new(),
            });
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

/// Prints the next hint of the lesson, and remembers that it did.
pub fn run(workspace: &Workspace, wanted: Option<&str>, all: bool) -> Result<Exit> {
    let named = wanted
        .map(|wanted| select::lesson(workspace, wanted))
        .transpose()?;
    let mut store = Store::open(workspace)?;
    let lesson = match named {
        Some(lesson) => Some(lesson),
        None => store.progress.current(workspace)?,
    };
    let Some(lesson) = lesson else {
        println!(" Every lesson is done. For the hints of one: cargo xtask hint LESSON");
        return Ok(Exit::Success);
    };
    let file = workspace.path(lesson.hints());
    let markdown = fs::read_to_string(&file).with_context(|| {
        format!(
            "cannot read {}: `git checkout` brings it back",
            lesson.hints().display()
        )
    })?;
    let hints = parse(&markdown);
    let shown = store
        .progress
        .of(lesson)
        .map_or(0, |record| record.hints)
        .min(hints.len());
    let again = if wanted.is_some() {
        format!(" {}", lesson.name)
    } else {
        String::new()
    };

    if hints.is_empty() {
        println!(
            " {} has no hints. Its text: {}",
            lesson.name,
            lesson.readme().display()
        );
        return Ok(Exit::Success);
    }
    if all {
        hints
            .iter()
            .zip(1..)
            .for_each(|(hint, n)| print_hint(hint, n, hints.len()));
        return Ok(Exit::Success);
    }
    // All were shown: the last one once more.
    let n = (shown + 1).min(hints.len());
    print_hint(&hints[n - 1], n, hints.len());
    if shown < hints.len() {
        store.progress.of_mut(lesson).hints = n;
        store.save()?;
    }
    match hints.len() - n {
        0 => println!(" That was the last one. All of them again: cargo xtask hint{again} --all"),
        1 => println!(" One more: cargo xtask hint{again}"),
        left => println!(" {left} more: cargo xtask hint{again}"),
    }
    Ok(Exit::Success)
}

fn print_hint(hint: &Hint, n: usize, of: usize) {
    // `Hint 1`, `Hint 1: the counter`, or a title without a number.
    let title = hint
        .title
        .strip_prefix("Hint ")
        .map_or(hint.title.as_str(), |rest| {
            rest.trim_start_matches(|c: char| c.is_ascii_digit())
                .trim_start_matches([':', '.', ' '])
        });
    let title = if title.is_empty() {
        String::new()
    } else {
        format!(": {title}")
    };
    anstream::println!(" {}\n", paint(STRONG, format!("Hint {n} of {of}{title}")));
    for line in hint.text.lines() {
        // The text is Markdown as it stands: it reads well, and it can be copied.
        println!("{}{line}", if line.is_empty() { "" } else { " " });
    }
    println!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_stand_under_headings_of_the_second_level() {
        let hints = parse(
            "# Hints\n\nintro\n\n## Hint 1\n\nLook.\n\n```rust\n## not a heading\n```\n\n## Hint 2: code\nType.\n",
        );
        assert_eq!(hints.len(), 2);
        assert_eq!(hints[0].title, "Hint 1");
        assert_eq!(hints[0].text, "Look.\n\n```rust\n## not a heading\n```");
        assert_eq!(
            hints[1],
            Hint {
                title: "Hint 2: code".into(),
                text: "Type.".into()
            }
        );
    }
}
