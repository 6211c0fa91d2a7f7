//! Markdown for a terminal: paragraphs and lists are folded anew to its width, tables are drawn, code stays as it is.
//! The marks within a line stay: they read well, and it can be copied.

use std::fmt::Write;

use crate::term::{columns, width, wrap};

/// The narrowest last column of a table. Where there is less room, the terminal breaks the lines.
const LAST_COLUMN: usize = 16;

/// What a line begins.
#[derive(Clone, Copy, PartialEq)]
enum Block {
    Blank,
    Fence,
    Table,
    /// An entry of a list; its text begins so many columns to the right.
    Item(usize),
    Prose,
}

/// The text, a column from the left.
pub fn markdown(text: &str) -> String {
    let mut page = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        match block(line) {
            Block::Blank => page.push('\n'),
            Block::Fence => {
                let _ = writeln!(page, " {line}");
                for line in lines.by_ref() {
                    let _ = writeln!(page, "{}", format!(" {line}").trim_end());
                    if block(line) == Block::Fence {
                        break;
                    }
                }
            }
            Block::Table => {
                let mut rows = vec![cells(line)];
                while let Some(line) = lines.next_if(|line| block(line) == Block::Table) {
                    rows.push(cells(line));
                }
                table(&mut page, rows);
            }
            begun @ (Block::Item(_) | Block::Prose) => {
                let mut prose = line.trim().to_owned();
                while let Some(line) = lines.next_if(|line| block(line) == Block::Prose) {
                    let _ = write!(prose, " {}", line.trim());
                }
                let margin = line.len() - line.trim_start().len();
                let hang = match begun {
                    Block::Item(hang) => hang,
                    _ => margin,
                };
                let room = width().saturating_sub(1 + hang);
                for (i, line) in wrap(&prose[hang - margin..], room).iter().enumerate() {
                    let mark = if i == 0 { &prose[..hang - margin] } else { "" };
                    let pad = hang - columns(mark);
                    let first = if i == 0 { margin } else { pad };
                    let _ = writeln!(page, " {}{mark}{line}", " ".repeat(first));
                }
            }
        }
    }
    page
}

fn block(line: &str) -> Block {
    let bare = line.trim_start();
    let margin = line.len() - bare.len();
    let digits = bare.bytes().take_while(u8::is_ascii_digit).count();
    if bare.is_empty() {
        Block::Blank
    } else if bare.starts_with("```") {
        Block::Fence
    } else if bare.starts_with('|') {
        Block::Table
    } else if bare.starts_with("- ") || bare.starts_with("* ") {
        Block::Item(margin + 2)
    } else if digits > 0 && bare[digits..].starts_with(". ") {
        Block::Item(margin + digits + 2)
    } else {
        Block::Prose
    }
}

/// The cells of a row; `\|` is no end of a cell.
fn cells(row: &str) -> Vec<String> {
    const BAR: &str = "\u{0}";
    let row = row.trim().replace("\\|", BAR);
    let row = row.strip_prefix('|').unwrap_or(&row);
    let row = row.strip_suffix('|').unwrap_or(row);
    row.split('|').map(|cell| cell.trim().replace(BAR, "|")).collect()
}

fn table(page: &mut String, mut rows: Vec<Vec<String>>) {
    let is_rule = |row: &Vec<String>| {
        row.iter()
            .all(|cell| !cell.is_empty() && cell.bytes().all(|byte| matches!(byte, b'-' | b':')))
    };
    let under_heading = rows.get(1).is_some_and(is_rule);
    rows.retain(|row| !is_rule(row) && row.iter().any(|cell| !cell.is_empty()));
    let all = rows.iter().map(Vec::len).max().unwrap_or_default();
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| columns(cell)).max().unwrap_or_default()
    };
    let mut widths: Vec<usize> = (0..all).map(widest).collect();
    if let Some((last, others)) = widths.split_last_mut() {
        let taken: usize = others.iter().map(|width| width + 2).sum();
        *last = (*last).min(width().saturating_sub(1 + taken)).max(LAST_COLUMN.min(*last));
    }
    for (i, row) in rows.iter().enumerate() {
        draw(page, row, &widths);
        if i == 0 && under_heading {
            let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            draw(page, &rule, &widths);
        }
    }
}

/// A row; a last cell that is too wide goes on below.
fn draw(page: &mut String, row: &[String], widths: &[usize]) {
    let mut line = String::from(" ");
    for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
        if column + 1 < widths.len() {
            let _ = write!(line, "{cell}{}", " ".repeat(width + 2 - columns(cell)));
            continue;
        }
        let margin = columns(&line);
        for (i, part) in wrap(cell, *width).iter().enumerate() {
            if i > 0 {
                let _ = write!(line, "\n{}", " ".repeat(margin));
            }
            line += part;
        }
    }
    for line in line.lines() {
        let _ = writeln!(page, "{}", line.trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_folded_tables_are_drawn_and_code_stays() {
        let text = "Two lines that were broken at a hundred and ten columns, as all of them are in the file itself, which is\nwider than eighty.\n\n\
            - an entry that goes on and on, until there is no room left for it on the one line that it begins on\n  and then on another\n\
            1. the first\n2. the second\n\n\
            | what | when the other thread has been there |\n|---|:--|\n| `a \\| b` | before |\n| c | after: it then goes on, and on, and on, so that one line is not enough for all of it |\n\n\
            ```rust\nlet code = \"stays as it is, however wide it may be, because it is to be copied from the terminal\";\n\n// This too.\n```\n";
        insta::assert_snapshot!("markdown", markdown(text));
    }
}
