//! A diff for the eye: of a patch, or of two files; one above the other or side by side.

mod layout;

use std::ops::Range;
use std::time::Duration;

use similar::{Algorithm, ChangeTag, TextDiff};

/// The lines that stay around a change when two files are compared.
const CONTEXT: usize = 3;

/// The longest that it looks for the shortest diff. Past that a longer one will do.
const PATIENCE: Duration = Duration::from_secs(1);

/// The columns between two tab stops.
const TAB: usize = 4;

/// The lines of a diff, in the order in which they are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Row {
    /// What stands between two parts.
    Gap(String),
    /// A line of a file, or of both.
    Line(Line),
}

/// Which of the two files a line is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Both,
    Old,
    New,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    side: Side,
    /// The line's numbers in the old file and in the new one, from 1, where they are known.
    numbers: [Option<usize>; 2],
    text: Vec<Cell>,
}

/// A character, and whether it is in a word that makes the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    letter: char,
    strong: bool,
}

impl Diff {
    /// The lines of a unified diff.
    pub fn of_patch(unified: &str) -> Self {
        let lines = unified.lines().skip_while(|line| !line.starts_with("@@"));
        let mut lines: Vec<&str> = lines.collect();
        // A last line that is blank would stand beside the one that follows the diff.
        if lines.last().is_some_and(|line| line.trim().is_empty()) {
            lines.pop();
        }
        let rows = lines.into_iter().map(|line| {
            let side = match line.as_bytes().first() {
                Some(b'@') => return Row::Gap(line.to_owned()),
                Some(b'-') => Side::Old,
                Some(b'+') => Side::New,
                _ => Side::Both,
            };
            Row::Line(Line {
                side,
                numbers: [None; 2],
                text: cells([(false, line.get(1..).unwrap_or_default())]),
            })
        });
        Self { rows: rows.collect() }
    }

    /// What has to change in `old` to make `new` of it, with a few lines around each change. How lines end makes
    /// no difference.
    pub fn between(old: &str, new: &str) -> Self {
        let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
        // Patience keeps to the lines that both files have once, where Myers takes any brace for any other.
        let diff = TextDiff::configure()
            .algorithm(Algorithm::Patience)
            .timeout(PATIENCE)
            .diff_slices(&old, &new);
        let mut rows = Vec::new();
        // Of the old file, and how many more lines the new one has by there.
        let (mut seen, mut added) = (0, 0);
        for group in diff.grouped_ops(CONTEXT) {
            let begins = group.first().map_or(seen, |op| op.old_range().start);
            rows.extend(gap(&old, seen..begins, added));
            for change in group.iter().flat_map(|op| diff.iter_inline_changes(op)) {
                let side = match change.tag() {
                    ChangeTag::Equal => Side::Both,
                    ChangeTag::Delete => Side::Old,
                    ChangeTag::Insert => Side::New,
                };
                let number = |index: Option<usize>| index.map(|index| index + 1);
                rows.push(Row::Line(Line {
                    side,
                    numbers: [number(change.old_index()), number(change.new_index())],
                    text: cells(change.values().iter().copied()),
                }));
            }
            if let Some(op) = group.last() {
                seen = op.old_range().end;
                added = op.new_range().end as isize - seen as isize;
            }
        }
        if !rows.is_empty() {
            rows.extend(gap(&old, seen..old.len(), added));
        }
        Self { rows }
    }

    /// Whether there is no difference.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many lines go, and how many come.
    pub fn counts(&self) -> (usize, usize) {
        let count = |side| {
            let of_side = |row: &&Row| matches!(row, Row::Line(line) if line.side == side);
            self.rows.iter().filter(of_side).count()
        };
        (count(Side::Old), count(Side::New))
    }
}

/// A unified diff for programs of two files, each with its path. Empty where there is no difference.
pub fn patch([(old_path, old), (new_path, new)]: [(&str, &str); 2]) -> String {
    let line = |line: &str| format!("{line}\n");
    let lines = |text: &str| text.lines().map(line).collect::<String>();
    TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .timeout(PATIENCE)
        .diff_lines(&lines(old), &lines(new))
        .unified_diff()
        .context_radius(CONTEXT)
        .header(old_path, new_path)
        .to_string()
}

/// The place of lines that both files have; a single one itself, which takes no more room.
fn gap(old: &[&str], lines: Range<usize>, added: isize) -> Option<Row> {
    match lines.len() {
        0 => None,
        1 => {
            let number = lines.start + 1;
            Some(Row::Line(Line {
                side: Side::Both,
                numbers: [Some(number), number.checked_add_signed(added)],
                text: cells([(false, old[lines.start])]),
            }))
        }
        n => Some(Row::Gap(format!("{n} lines are the same"))),
    }
}

/// The characters of a line's parts. Tabs become spaces, and what would move the cursor or change the terminal
/// becomes a sign that it is there.
fn cells<'a>(parts: impl IntoIterator<Item = (bool, &'a str)>) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for (strong, part) in parts {
        for letter in part.chars() {
            let (letter, times) = match letter {
                '\t' => (' ', TAB - cells.len() % TAB),
                letter if letter.is_control() => (char::REPLACEMENT_CHARACTER, 1),
                letter => (letter, 1),
            };
            cells.extend(std::iter::repeat_n(Cell { letter, strong }, times));
        }
    }
    cells
}
