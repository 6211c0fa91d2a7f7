//! Rows that a sentence names, before their numbers are known.

use harness_base::text::NO_BREAK;

/// Around the number of an event in a text that is to name its row: [`at_row`] writes it, [`with_rows`] reads it.
const ROW: char = '\u{2}';

/// Names the row of an event in a sentence. Its number is known only when the rows are laid out.
pub fn at_row(event: usize) -> String {
    format!("{ROW}{event}{ROW}")
}

/// The events whose rows `text` names.
pub fn mentioned(text: &str) -> impl Iterator<Item = usize> {
    let parts = text.split(ROW).skip(1).step_by(2);
    parts.filter_map(|part| part.parse().ok())
}

/// `text` with the numbers of rows in it.
pub fn with_rows(text: &str, row: impl Fn(usize) -> Option<usize>) -> String {
    let mut out = String::new();
    for (i, part) in text.split(ROW).enumerate() {
        match part.parse().ok().filter(|_| i % 2 == 1).map(&row) {
            Some(Some(row)) => out.push_str(&format!("row{NO_BREAK}{row}")),
            Some(None) => out.push_str("a row not shown"),
            None => out.push_str(part),
        }
    }
    out
}

/// `text` for a reader who sees no rows: a row's number goes, with its brackets.
pub fn without_rows(text: &str) -> String {
    let mut out = String::new();
    for (i, part) in text.split(ROW).enumerate() {
        if i % 2 == 1 {
            let kept = out.trim_end_matches('(').trim_end().len();
            out.truncate(kept);
        } else {
            let part = if i > 0 { part.strip_prefix(')').unwrap_or(part) } else { part };
            out.push_str(part);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_rows_or_does_without() {
        let text = format!("held since a.rs:1 ({}), and {}", at_row(4), at_row(9));
        let rows = |event| (event == 4).then_some(2);
        assert_eq!(mentioned(&text).collect::<Vec<_>>(), [4, 9]);
        assert_eq!(with_rows(&text, rows), "held since a.rs:1 (row\u{a0}2), and a row not shown");
        assert_eq!(
            without_rows(&format!("held since a.rs:1 ({})", at_row(4))),
            "held since a.rs:1"
        );
    }
}
