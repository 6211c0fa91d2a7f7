//! What programs read in a lesson's README: its challenges for the explorer, and the part that is generated, the dry run
//! of one of its models.
//!
//! ````text
//! <!-- dry run of every_waiter_wakes: written by `cargo xtask verify --record` -->
//! ```text
//!      main                 waiter 1
//!   1                       Mutex.lock
//! ```
//! <!-- end of dry run -->
//! ````
//!
//! The author chooses the model by its name in the first line; `verify` compares the rest with what the model
//! shows, and `verify --record` writes it.

use std::fs;
use std::ops::Range;

use crate::course::{Lesson, Workspace};

/// The section that holds the block.
const SECTION: &str = "## Dry run";

const BEGIN: &str = "<!-- dry run of ";
const BEGIN_REST: &str = ": written by `cargo xtask verify --record` -->";
const END: &str = "<!-- end of dry run -->";

/// The block of a README.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The model whose dry run it is: the test's name below its heading.
    pub model: String,
    /// What stands between the fences, a line break after each line.
    pub picture: String,
    /// Where the block is: from its first line to the line break of its last.
    place: Range<usize>,
}

/// What a README lacks where a block is looked for. Its text says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The section for it.
    Section,
    /// The line that names a model.
    Begin,
    /// The line that says where the dry run ends.
    End,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Missing::Section => {
                write!(f, "there is no section `{SECTION}`: the dry run goes there")
            }
            Missing::Begin => write!(
                f,
                "`{SECTION}` has no line `{BEGIN}TEST{BEGIN_REST}`: put one there, with the name of the test to \
                 show, and a line `{END}` below it"
            ),
            Missing::End => {
                write!(f, "no line `{END}` follows the line `{BEGIN}…`: put it below the dry run")
            }
        }
    }
}

impl Block {
    /// The block of a README.
    ///
    /// # Errors
    ///
    /// A line that marks it is missing.
    pub fn find(readme: &str) -> Result<Self, Missing> {
        let mut lines = prose(readme).skip_while(|(_, line)| *line != SECTION);
        lines.next().ok_or(Missing::Section)?;
        let mut section = lines.take_while(|(_, line)| !line.starts_with("## "));
        let (first, model) = section
            .find_map(|(place, line)| Some((place, line.strip_prefix(BEGIN)?)))
            .ok_or(Missing::Begin)?;
        let (last, _) = section.find(|(_, line)| *line == END).ok_or(Missing::End)?;
        Ok(Self {
            model: model.split([':', ' ']).next().unwrap_or(model).to_owned(),
            picture: picture(&readme[first.end..last.start]),
            place: first.start..last.end,
        })
    }

    /// The README with another picture.
    pub fn replace(&self, readme: &str, picture: &str) -> String {
        let Self { model, place, .. } = self;
        let (before, after) = (&readme[..place.start], &readme[place.end..]);
        format!("{before}{BEGIN}{model}{BEGIN_REST}\n```text\n{picture}```\n{END}\n{after}")
    }
}

/// The command that opens a challenge: a mistake of the lesson, on which the reader plays the scheduler.
pub fn challenge(lesson: &str, mistake: &str) -> String {
    format!("`cargo xtask explore {lesson} --mistake {mistake}`")
}

/// The mistakes that the README sets as challenges, each by its [command](challenge) in one line.
pub fn challenges<'a>(readme: &'a str, lesson: &str) -> Vec<&'a str> {
    let command = challenge(lesson, "");
    let command = command.trim_end_matches('`');
    let rests = readme.split(command).skip(1);
    rests.filter_map(|rest| Some(rest.split_once('`')?.0)).collect()
}

/// The lines outside of fenced code, without the space at their ends, and where they are.
pub fn prose(markdown: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let (mut at, mut fence) = (0, 0);
    markdown.split_inclusive('\n').filter_map(move |line| {
        let place = at..at + line.len();
        at = place.end;
        let line = line.trim_end();
        let rest = line.trim_start().trim_start_matches('`');
        let ticks = line.trim_start().len() - rest.len();
        if fence == 0 && ticks >= 3 {
            fence = ticks;
            return None;
        }
        if fence > 0 {
            // Only a fence that is as long, and says nothing, ends what a fence has begun.
            if ticks >= fence && rest.is_empty() {
                fence = 0;
            }
            return None;
        }
        Some((place, line))
    })
}

/// What stands between the fences of a block.
fn picture(block: &str) -> String {
    let is_fence = |line: &&str| line.starts_with("```");
    let lines = block.lines().skip_while(|line| !is_fence(line)).skip(1);
    let lines = lines.take_while(|line| !is_fence(line));
    lines.map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The model whose dry run the lesson's README shows. `None` where it does not say.
pub fn model(workspace: &Workspace, lesson: &Lesson) -> Option<String> {
    let text = fs::read_to_string(workspace.path(lesson.readme())).ok()?;
    Some(Block::find(&text).ok()?.model)
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str = "# A\n\n## Why\n\n## Dry run\n\nLook:\n\n\
        <!-- dry run of wakes: written by `cargo xtask verify --record` -->\n```text\n  1  a\n\n  2  b\n```\n\
        <!-- end of dry run -->\n\nThen.\n\n## Things to break\n";

    #[test]
    fn a_block_is_found_and_replaced() {
        let block = Block::find(README).expect("a block");
        assert_eq!(block.model, "wakes");
        assert_eq!(block.picture, "  1  a\n\n  2  b\n");
        assert_eq!(block.replace(README, &block.picture), README);
        let other = block.replace(README, "  1  c\n");
        assert_eq!(other, README.replace("  1  a\n\n  2  b\n", "  1  c\n"));
    }

    #[test]
    fn a_block_without_a_picture_is_one_to_be_filled() {
        let empty = README.replace("```text\n  1  a\n\n  2  b\n```\n", "");
        let block = Block::find(&empty).expect("a block");
        assert_eq!(block.picture, "");
        assert_eq!(block.replace(&empty, "  1  a\n\n  2  b\n"), README);
    }

    #[test]
    fn a_challenge_is_the_whole_command() {
        let readme = "Play it: `cargo xtask explore sum --mistake races`.\nOr `cargo xtask explore sum --mistake late`, \
                      `cargo xtask explore summary --mistake other`, `cargo xtask explore sum`, `cargo xtask\nexplore sum \
                      --mistake broken`.";
        assert_eq!(challenges(readme, "sum"), ["races", "late"]);
        assert_eq!(challenge("sum", "races"), "`cargo xtask explore sum --mistake races`");
    }

    #[test]
    fn what_is_missing_is_named() {
        let without = |text: &str| Block::find(&README.replace(text, "")).expect_err("no block");
        assert_eq!(without("## Dry run\n"), Missing::Section);
        assert_eq!(without("<!-- dry run of wakes"), Missing::Begin);
        assert_eq!(without("<!-- end of dry run -->"), Missing::End);
        // In another section, or quoted in a block of code.
        let moved = README.replace("## Dry run", "## Dry run\n\n## More");
        assert_eq!(Block::find(&moved), Err(Missing::Begin));
        let quoted = README.replace("Look:\n", "````md\n").replace("Then.", "````");
        assert_eq!(Block::find(&quoted), Err(Missing::Begin));
    }
}
