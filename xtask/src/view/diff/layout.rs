//! Where a diff's lines stand on the page.

use std::fmt::Write;

use anstyle::Style;

use super::{Cell, Diff, Line, Row, Side, cells};
use crate::term::{ASCII, FAINT, GONE, Marks, NEW, STRONG, columns, letter_columns, paint};

/// The narrowest that code is set, however narrow the page is.
const NARROWEST: usize = 20;

/// What a comment begins with. Where one is too long for its line, the next line is a comment too.
const COMMENTS: [&str; 3] = ["//! ", "/// ", "// "];

/// What the second line of a line of code begins with, below its first.
const CONTINUED: &str = "    ";

impl Diff {
    /// The lines one above the other, in at most `width` columns, and all of them moved to the left as far as they
    /// go together.
    pub fn unified(&self, width: usize) -> String {
        let (indent, digits) = (self.indent(), self.digits());
        // A margin and a sign stand before the code; with numbers, those and two spaces too.
        let gutter = if digits == 0 { 2 } else { digits + 4 };
        let room = width.saturating_sub(gutter).max(NARROWEST);
        let mut text = String::new();
        for row in &self.rows {
            match row {
                Row::Gap(words) => write_gap(&mut text, digits, words),
                Row::Line(line) => {
                    let number = line.numbers[usize::from(line.side == Side::New)];
                    for (i, part) in fold(&line.text, indent, room).iter().enumerate() {
                        let number = number.filter(|_| i == 0);
                        let shown = half(line.side, number, digits, part);
                        let _ = writeln!(text, " {}", shown.trim_end());
                    }
                }
            }
        }
        text
    }

    /// The old lines on the left and the new ones on the right, in at most `width` columns.
    pub fn side_by_side(&self, width: usize, titles: [&str; 2], marks: Marks) -> String {
        let (indent, digits) = (self.indent(), self.digits());
        let bar = paint(FAINT, if marks == ASCII { "|" } else { "│" });
        // Twice a number, a sign and two spaces; once a margin and the bar between two spaces.
        let room = (width.saturating_sub(4) / 2).saturating_sub(digits + 3).max(NARROWEST);
        let mut text = String::new();
        let mut write = |left: &str, right: &str| {
            let pad = " ".repeat((digits + 3 + room).saturating_sub(columns(left)));
            let line = format!(" {left}{pad} {bar} {right}");
            let _ = writeln!(text, "{}", line.trim_end());
        };
        let [old, new] = titles.map(|title| format!("{:digits$}   {}", "", paint(STRONG, title)));
        write(&old, &new);

        let mut rows = self.rows.iter().peekable();
        while let Some(row) = rows.next() {
            let line = match row {
                Row::Gap(words) => {
                    let words = format!("{:digits$}   {}", "", paint(FAINT, words));
                    write(&words, "");
                    continue;
                }
                Row::Line(line) => line,
            };
            let mut of_side = |first: Option<&Line>, side: Side| {
                let mut lines: Vec<Line> = first.cloned().into_iter().collect();
                while let Some(Row::Line(line)) =
                    rows.next_if(|row| matches!(row, Row::Line(line) if line.side == side))
                {
                    lines.push(line.clone());
                }
                lines
            };
            let (left, right) = match line.side {
                Side::Both => (vec![line.clone()], vec![line.clone()]),
                Side::Old => (of_side(Some(line), Side::Old), of_side(None, Side::New)),
                Side::New => (Vec::new(), of_side(Some(line), Side::New)),
            };
            for i in 0..left.len().max(right.len()) {
                let parts = |lines: &[Line], which: usize| -> Vec<String> {
                    let Some(line) = lines.get(i) else {
                        return Vec::new();
                    };
                    let parts = fold(&line.text, indent, room);
                    let number = |part| line.numbers[which].filter(|_| part == 0);
                    let parts = parts.iter().enumerate();
                    let half = |(part, cells): (usize, &Vec<Cell>)| {
                        half(line.side, number(part), digits, cells)
                    };
                    parts.map(half).collect()
                };
                let (left, right) = (parts(&left, 0), parts(&right, 1));
                for part in 0..left.len().max(right.len()) {
                    let of = |side: &[String]| side.get(part).cloned().unwrap_or_default();
                    write(&of(&left), &of(&right));
                }
            }
        }
        text
    }

    fn lines(&self) -> impl Iterator<Item = &Line> {
        self.rows.iter().filter_map(|row| match row {
            Row::Line(line) => Some(line),
            Row::Gap(_) => None,
        })
    }

    /// The spaces that all lines begin with.
    fn indent(&self) -> usize {
        self.lines()
            .filter_map(|line| line.text.iter().position(|cell| cell.letter != ' '))
            .min()
            .unwrap_or_default()
    }

    /// The digits of the greatest number; 0 where there are none.
    fn digits(&self) -> usize {
        self.lines()
            .flat_map(|line| line.numbers)
            .flatten()
            .max()
            .map_or(0, |number| number.to_string().len())
    }
}

fn write_gap(text: &mut String, digits: usize, words: &str) {
    let gutter = if digits == 0 { 0 } else { digits + 3 };
    let _ = writeln!(text, " {:gutter$}{}", "", paint(FAINT, words));
}

/// A number where there are any, a sign, and the code.
fn half(side: Side, number: Option<usize>, digits: usize, code: &[Cell]) -> String {
    let (sign, style) = match side {
        Side::Both => (' ', None),
        Side::Old => ('-', Some(GONE)),
        Side::New => ('+', Some(NEW)),
    };
    let gutter = if digits == 0 {
        String::new()
    } else {
        let number = number.map_or_else(String::new, |number| number.to_string());
        format!("{} ", paint(FAINT, format!("{number:>digits$}")))
    };
    let space = if digits == 0 { "" } else { " " };
    let Some(style) = style else {
        return format!("{gutter}{sign}{space}{}", letters(code));
    };
    let mut painted = paint(style, format!("{sign}{space}"));
    for run in code.chunk_by(|a, b| a.strong == b.strong) {
        let style = if run[0].strong { strong(style) } else { style };
        painted += &paint(style, letters(run));
    }
    format!("{gutter}{painted}")
}

/// What makes the difference within a line.
fn strong(style: Style) -> Style {
    style.bold().underline()
}

fn letters(cells: &[Cell]) -> String {
    cells.iter().map(|cell| cell.letter).collect()
}

/// A line without its first `indent` spaces; one that is too wide in several, broken between words where it has
/// some. Of a comment, each begins as a comment does.
fn fold(line: &[Cell], indent: usize, room: usize) -> Vec<Vec<Cell>> {
    let mut rest = line.get(indent..).unwrap_or_default();
    let spaces = rest.iter().take_while(|cell| cell.letter == ' ').count();
    let begin = letters(&rest[spaces..]);
    let comment = COMMENTS.iter().find(|comment| begin.starts_with(**comment));
    let again = comment.copied().unwrap_or(CONTINUED);
    // A line that begins far to the right goes on at the left.
    let spaces = if (spaces + columns(again)) * 2 > room { 0 } else { spaces };
    let again = cells([(false, &*format!("{:spaces$}{again}", ""))]);

    let mut parts: Vec<Vec<Cell>> = Vec::new();
    loop {
        let mut part = match parts.is_empty() {
            true => Vec::new(),
            false => again.clone(),
        };
        let taken = fitting(rest, room - part.len());
        if taken == rest.len() {
            part.extend_from_slice(rest);
            parts.push(part);
            return parts;
        }
        // Before the first word is no place to break a line.
        let first_word = rest.iter().position(|cell| cell.letter != ' ');
        let space = rest[..=taken]
            .iter()
            .rposition(|cell| cell.letter == ' ')
            .filter(|space| first_word.is_some_and(|word| *space > word + columns(COMMENTS[0])));
        let (end, next) = space.map_or((taken, taken), |space| (space, space + 1));
        part.extend_from_slice(&rest[..end]);
        parts.push(part);
        rest = &rest[next..];
    }
}

/// How many characters fit into `room`: at least one, so that there is an end.
fn fitting(cells: &[Cell], room: usize) -> usize {
    let mut used = 0;
    let fits = cells.iter().take_while(|cell| {
        used += letter_columns(cell.letter);
        used <= room
    });
    fits.count().max(1).min(cells.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::{UNICODE, plain};

    #[test]
    fn a_patch_fits_the_page() {
        let long = "word ".repeat(20);
        let shown = Diff::of_patch(&format!(
            "--- a\n+++ b\n@@ -1,3 +1,2 @@\n     // {long}\n-    a();\n+        b();\n\n"
        ));
        let plain = plain(&shown.unified(80));
        assert!(plain.starts_with(" @@ -1,3 +1,2 @@\n  // word word"), "{plain}");
        assert!(
            plain.ends_with("\n  // word word word word word\n -a();\n +    b();\n"),
            "{plain}"
        );
        assert!(plain.lines().all(|line| columns(line) <= 80), "{plain}");
    }

    const YOURS: &str = include_str!("captured/yours.txt");
    const REFERENCE: &str = include_str!("captured/reference.txt");

    #[test]
    fn two_files_stand_one_above_the_other_or_side_by_side() {
        let diff = Diff::between(YOURS, REFERENCE);
        for width in [60, 80] {
            let page = plain(&diff.unified(width));
            assert!(page.lines().all(|line| columns(line) <= width), "{page}");
            insta::assert_snapshot!(format!("unified_{width}"), page);
        }
        for width in [120, 160] {
            let page = plain(&diff.side_by_side(width, ["yours", "reference"], UNICODE));
            assert!(page.lines().all(|line| columns(line) <= width), "{page}");
            insta::assert_snapshot!(format!("side_by_side_{width}"), page);
        }
        let ascii = plain(&diff.side_by_side(120, ["yours", "reference"], ASCII));
        assert!(ascii.contains(" | ") && !ascii.contains('│'), "{ascii}");
    }

    #[test]
    fn words_that_make_the_difference_stand_out() {
        let shown = Diff::between("let a = b + c;\n", "let a = b - c;\n").unified(80);
        let strong = paint(strong(NEW), "-");
        assert!(shown.contains(&strong), "{shown:?}");
    }

    #[test]
    fn line_ends_make_no_difference() {
        assert!(Diff::between("a\r\nb\r\n", "a\nb").is_empty());
        let diff = Diff::between("a\nb\n", "a\nc\nd\n");
        assert_eq!((diff.is_empty(), diff.counts()), (false, (1, 2)));
        assert_eq!(Diff::between("", "").unified(80), "");
        assert_eq!(plain(&Diff::between("", "a\n").unified(80)), " 1 + a\n");
    }

    #[test]
    fn what_would_harm_the_terminal_is_shown_as_a_sign() {
        let shown = plain(&Diff::between("", "\ta\x1b[2Jb\x07\n").unified(80));
        assert_eq!(shown, " 1 +     a\u{fffd}[2Jb\u{fffd}\n".replace("+     a", "+ a"));
    }

    #[test]
    fn wide_characters_and_words_without_end_are_broken_to_fit() {
        let line = format!("    {}\n    {}\n", "漢字".repeat(30), "x".repeat(100));
        let diff = Diff::between("fn a() {\n}\n", &format!("fn a() {{\n{line}}}\n"));
        for (width, page) in [
            (60, diff.unified(60)),
            (121, diff.side_by_side(121, ["yours", "reference"], UNICODE)),
            (1, diff.unified(1)),
        ] {
            let width = width.max(NARROWEST + 6);
            let page = plain(&page);
            assert!(page.lines().all(|line| columns(line) <= width), "{page}");
            assert_eq!(page.matches('漢').count(), 30, "{page}");
            assert_eq!(page.matches('x').count(), 100, "{page}");
        }
    }
}
