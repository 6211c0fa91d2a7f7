//! What all pages are made of. Each part writes its lines at the end of a page.

use std::fmt::Write;

use harness_base::page::{Ink, coloured};

use crate::course::Workspace;
use crate::term::{STRONG, columns, fold, paint, plural, terminal_width, thousands, width, wrap};
use crate::verdict::Explored;

const NEXT: &str = "`cargo xtask next` says where to go from here.";

/// When there is nothing left to do.
pub fn all_done(workspace: &Workspace) -> String {
    let n = workspace.lessons.len();
    match n {
        0 => "There are no lessons here yet.".to_owned(),
        1 => format!("The one lesson that there is is done. {NEXT}"),
        _ => format!("All {n} lessons are done. {NEXT}"),
    }
}

/// ` name: text`, wrapped.
pub fn named(page: &mut String, name: &str, text: Option<&str>) {
    let text = text.map_or_else(|| name.to_owned(), |text| format!("{name}: {text}"));
    let mut lines = String::new();
    behind(&mut lines, " ", " ", &text, width() - 1);
    // Painted only now, so that colours take no room.
    page.push_str(&lines.replacen(name, &paint(STRONG, name), 1));
}

/// `text`, wrapped to `room` columns: the first line behind `first`, the others behind `rest`.
pub fn behind(page: &mut String, first: &str, rest: &str, text: &str, room: usize) {
    for (i, line) in wrap(text, room).iter().enumerate() {
        let _ = writeln!(page, "{}{line}", if i == 0 { first } else { rest });
    }
}

/// ` ✓ text`, wrapped.
pub fn signed(page: &mut String, sign: &str, text: &str) {
    behind(page, &format!(" {sign} "), "   ", text, width() - 3);
}

/// `text`, wrapped.
pub fn paragraph(page: &mut String, text: &str) {
    behind(page, " ", " ", text, width() - 1);
}

/// ` Edit   exercises/…`
pub fn row(page: &mut String, word: &str, text: impl std::fmt::Display) {
    let _ = writeln!(page, " {}  {text}", paint(STRONG, format!("{word:<5}")));
}

/// What models explored, in words; `whose` names the tests, if they are not all.
pub fn explored_text(whose: &str, explored: Explored) -> String {
    let n = explored.interleavings;
    let how = match (explored.exhaustive, explored.bounded) {
        (true, false) => "all there are".to_owned(),
        (true, true) => "all within the stated bounds".to_owned(),
        (false, _) => explored.covered.map_or_else(
            || "not all: the time ran out".to_owned(),
            |bound| {
                let es = if bound == 1 { "" } else { "es" };
                format!("every one with at most {bound} forced switch{es}; the time ran out beyond")
            },
        ),
    };
    let s = plural(n);
    format!("{} interleaving{s} explored{whose}, {how}", thousands(n))
}

/// Lines of a report. A dry run is made for the terminal's width already; anything else is made to fit.
pub fn picture(page: &mut String, lines: &[&str]) {
    let terminal = terminal_width();
    let shown: Vec<String> = lines.iter().flat_map(|line| fit(line, terminal)).collect();
    // As wide as the terminal where it has to be, else in line with the rest of the page.
    let in_line = shown.iter().all(|line| columns(line) < terminal);
    let margin = if in_line { " " } else { "" };
    let mut text = String::new();
    for line in shown {
        let _ = writeln!(text, "{}", format!("{margin}{line}").trim_end());
    }
    // Where lines were left out, the mark that ends an ink may be among them.
    if text.contains(|c| Ink::of_mark(c).is_some()) {
        text.push(Ink::Plain.mark());
    }
    page.push_str(&coloured(&text));
}

/// A line that is wider than the terminal in several.
fn fit(line: &str, terminal: usize) -> Vec<String> {
    if columns(line) <= terminal { vec![line.to_owned()] } else { fold(line, terminal - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_the_terminal_is_not_folded() {
        let line = format!("  {}", "word ".repeat(20).trim_end());
        assert_eq!(fit(&line, 101), [line.as_str()]);
        let folded = fit(&line, 100);
        assert_eq!(folded.len(), 2);
        assert!(folded.iter().all(|part| part.starts_with("  word")), "{folded:?}");
    }

    #[test]
    fn marks_take_no_room_and_become_colours() {
        let (bad, end) = (Ink::Bad.mark(), Ink::Plain.mark());
        let line = format!("{bad}Panic{end} {}", "x".repeat(73));
        assert_eq!(fit(&line, 79), [line.as_str()]);
        let mut page = String::new();
        picture(&mut page, &[&line]);
        let painted = format!("\u{1b}[1m\u{1b}[31mPanic\u{1b}[0m {}\n\u{1b}[0m", "x".repeat(73));
        assert_eq!(page, format!(" {painted}"));
    }
}
