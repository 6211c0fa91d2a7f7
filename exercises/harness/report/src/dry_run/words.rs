//! Words on a page: how wide they are, where their lines break, and how they are painted.

use harness_base::page::{Ink, Page};
use harness_base::text::{NO_BREAK, columns, fitting};

/// A word, what it is painted with, and the columns that keep it from the word before.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    text: String,
    ink: Ink,
    gap: usize,
}

/// The words of a text. The first keeps `gap` columns from what comes before it.
pub(super) fn words(text: &str, ink: Ink, gap: usize) -> Vec<Word> {
    let all = text.split_ascii_whitespace().enumerate();
    all.map(|(i, word)| Word {
        text: word.replace(NO_BREAK, " "),
        ink,
        gap: if i == 0 { gap } else { 1 },
    })
    .collect()
}

/// The columns that words take if they stand in one line.
pub(super) fn natural_width(words: &[Word]) -> usize {
    let gaps = words.iter().skip(1).map(|word| word.gap);
    words.iter().map(|word| columns(&word.text)).chain(gaps).sum()
}

/// One line of words, painted.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) columns: usize,
    ink: Option<Ink>,
}

impl Line {
    /// Appends a piece.
    pub(super) fn push(&mut self, piece: &str, ink: Ink) {
        if piece.is_empty() {
            return;
        }
        if self.ink.unwrap_or(Ink::Plain) != ink {
            if self.ink.is_some_and(|ink| ink != Ink::Plain) {
                self.text.push(Ink::Plain.mark());
            }
            if ink != Ink::Plain {
                self.text.push(ink.mark());
            }
            self.ink = Some(ink);
        }
        self.text.push_str(piece);
        self.columns += columns(piece);
    }

    /// Fills up to `column`.
    pub(super) fn pad_to(&mut self, column: usize) {
        let missing = column.saturating_sub(self.columns);
        self.push(&" ".repeat(missing), Ink::Plain);
    }

    /// Appends a line.
    pub(super) fn append(&mut self, other: &Line) {
        self.end();
        self.text.push_str(&other.text);
        self.columns += other.columns;
        self.ink = other.ink;
    }

    /// Ends the ink.
    pub(super) fn end(&mut self) {
        if self.ink.take().is_some_and(|ink| ink != Ink::Plain) {
            self.text.push(Ink::Plain.mark());
        }
    }

    /// The line's text, with its last ink ended and no space after it.
    pub(super) fn finish(mut self) -> String {
        self.end();
        self.text.truncate(self.text.trim_end().len());
        self.text
    }
}

/// Breaks words into lines of at most `width` columns. Lines after the first begin `indent` columns further in; a
/// word wider than a line is cut.
pub(super) fn wrap(words: &[Word], width: usize, indent: usize) -> Vec<Line> {
    let indent = indent.min(width.saturating_sub(1));
    let mut lines = Vec::new();
    let mut line = Line::default();
    let mut fresh = true;
    for word in words {
        let mut text = word.text.as_str();
        if !fresh && line.columns + word.gap + columns(text) > width {
            lines.push(std::mem::take(&mut line));
            fresh = true;
        }
        if fresh && !lines.is_empty() {
            line.pad_to(indent);
        }
        if !fresh {
            // A space in the same ink, so that it need not be changed twice.
            let ink = line.ink.filter(|ink| *ink == word.ink);
            line.push(&" ".repeat(word.gap), ink.unwrap_or(Ink::Plain));
        }
        while line.columns + columns(text) > width {
            // At least a character, so that there is an end.
            let first = text.chars().next().map_or(0, char::len_utf8);
            let most = fitting(text, width.saturating_sub(line.columns)).max(first);
            // Rather behind a joint than in the middle of a name.
            let cut = last_joint(&text[..most], &text[most..]).unwrap_or(most);
            line.push(&text[..cut], word.ink);
            text = &text[cut..];
            lines.push(std::mem::take(&mut line));
            line.pad_to(indent);
        }
        line.push(text, word.ink);
        fresh = false;
    }
    lines.push(line);
    lines
}

/// Where the last part of a word ends that can stand alone, the whole word being `text` and `rest`.
fn last_joint(text: &str, rest: &str) -> Option<usize> {
    let ends = text.char_indices().filter(|(_, c)| "(:/_.".contains(*c));
    let mut ends = ends.map(|(at, c)| (at, at + c.len_utf8()));
    let splits_path = |end: usize| {
        let next = text[end..].chars().chain(rest.chars()).next();
        text[..end].ends_with(':') && next == Some(':')
    };
    ends.rfind(|&(at, end)| at > 0 && !splits_path(end)).map(|(_, end)| end)
}

/// `Title: text`, wrapped, with lines after the first `indent` columns further in. The space that the text
/// begins with stays.
pub(super) fn paragraph(
    page: &Page,
    title: Option<(Ink, &str)>,
    text: &str,
    indent: usize,
) -> String {
    let text = page.show(text);
    let margin = text.len() - text.trim_start().len();
    let mut all = title.map_or_else(Vec::new, |(ink, title)| words(&format!("{title}:"), ink, 0));
    all.extend(words(&text, Ink::Plain, 1));
    let margin_text = " ".repeat(margin);
    let mut out = String::new();
    let width = page.width.saturating_sub(margin).max(1);
    for line in wrap(&all, width, indent - margin.min(indent)) {
        let line = line.finish();
        if !line.is_empty() {
            out.push_str(&page.paint(&format!("{margin_text}{line}")));
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, width: usize) -> Vec<String> {
        let lines = wrap(&words(text, Ink::Plain, 0), width, 2);
        lines.into_iter().map(Line::finish).collect()
    }

    #[test]
    fn lines_break_at_spaces_and_long_words_are_cut() {
        assert_eq!(wrapped("a bb ccc", 8), ["a bb ccc"]);
        assert_eq!(wrapped("a bb ccc", 5), ["a bb", "  ccc"]);
        assert_eq!(wrapped("abcdefgh", 5), ["abcde", "  fgh"]);
        assert_eq!(wrapped("x abcdefgh", 5), ["x", "  abc", "  def", "  gh"]);
        assert_eq!(wrapped("a.swap(Relaxed)", 9), ["a.swap(", "  Relaxed", "  )"]);
        assert_eq!(wrapped("compare_exchange_weak", 18), ["compare_exchange_", "  weak"]);
        assert_eq!(wrapped("futex::wait_one", 8), ["futex::", "  wait_", "  one"]);
        // Two columns each.
        assert_eq!(wrapped("日本語", 4), ["日本", "  語"]);
    }
}
