//! Text on a terminal: how wide it is, where its lines break, numbers in words. The runner and the dry run both use it,
//! so that there is one definition of width.
//!
//! | | |
//! |---|---|
//! | [`columns`], [`letter_columns`] | the width of a text, of a character |
//! | [`fitting`], [`shorten`] | what fits into a width |
//! | [`wrap`] | prose, broken between words |
//! | [`fold`] | one line of output, with its colours and its margin |
//! | [`thousands`], [`plural`], [`count`] | numbers |
//!
//! May use [`page`](crate::page), for the marks that stand for colours.

use crate::page::Ink;
use unicode_width::UnicodeWidthChar;

/// A space at which [`wrap`] does not break a line.
pub const NO_BREAK: char = '\u{a0}';

/// Begins an escape sequence.
const ESCAPE: char = '\x1b';

/// Ends every style.
const PLAIN: &str = "\x1b[0m";

/// The columns between two tab stops.
const TAB: usize = 4;

/// The columns that a character takes on a terminal: two if it is wide, none if it is a control character, combines
/// with the one before it, or is the mark of an [`Ink`].
pub fn letter_columns(letter: char) -> usize {
    if Ink::of_mark(letter).is_some() {
        return 0;
    }
    letter.width().unwrap_or(0)
}

/// The columns that a text takes on a terminal. Colours and the marks of [`Ink`] take none.
pub fn columns(text: &str) -> usize {
    let mut all = 0;
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        rest = if letter == ESCAPE {
            escape_sequence(rest).1
        } else {
            all += letter_columns(letter);
            &rest[letter.len_utf8()..]
        };
    }
    all
}

/// The length in bytes of the longest beginning of `text`, which has no colours, that takes at most `width` columns.
pub fn fitting(text: &str, width: usize) -> usize {
    let mut used = 0;
    let fits = |&(_, letter): &(usize, char)| {
        used += letter_columns(letter);
        used > width
    };
    text.char_indices().find(fits).map_or(text.len(), |(at, _)| at)
}

/// The first line of `text` in at most `width` columns, with `more` in place of what had to go.
pub fn shorten(text: &str, width: usize, more: &str) -> String {
    let text = text.lines().next().unwrap_or_default();
    if columns(text) <= width {
        return text.to_owned();
    }
    let kept = &text[..fitting(text, width.saturating_sub(columns(more)))];
    format!("{}{more}", kept.trim_end())
}

/// `text` in lines of at most `width` columns, broken between words, but not at a [`NO_BREAK`], which becomes a
/// space. A word that is wider than a line stays whole.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_ascii_whitespace() {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    for line in &mut lines {
        *line = line.replace(NO_BREAK, " ");
    }
    lines
}

/// `25300` as `25,300`.
pub fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What `n` things have at the end of their name: nothing if there is one, else an `s`.
pub fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

/// `1 line`, `3 lines`.
pub fn count(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", plural(n))
}

/// A line as lines of at most `width` columns, with its colours, as escape sequences or as marks of [`Ink`], and its
/// margin, broken between words if that leaves no line half empty. Tabs become spaces; other control characters and
/// escape sequences, which would move the cursor, are left out.
pub fn fold(line: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let margin = line.len() - line.trim_start_matches(' ').len();
    let mut folder = Folder {
        width,
        // Unless it takes most of the line.
        margin: if 3 * margin <= width { margin } else { 0 },
        ..Folder::default()
    };
    let mut rest = line;
    while let Some(letter) = rest.chars().next() {
        if letter == ESCAPE {
            let (sequence, after) = escape_sequence(rest);
            rest = after;
            if sequence.starts_with("\x1b[") && sequence.ends_with('m') {
                folder.style(sequence, sequence == PLAIN || sequence == "\x1b[m", PLAIN);
            }
            continue;
        }
        let (this, after) = rest.split_at(letter.len_utf8());
        rest = after;
        if let Some(ink) = Ink::of_mark(letter) {
            folder.style(this, ink == Ink::Plain, Ink::Plain.mark().encode_utf8(&mut [0; 4]));
        } else if letter == '\t' {
            for _ in 0..TAB - folder.used % TAB {
                folder.letter(' ', 1);
            }
        } else if let Some(columns) = letter.width().filter(|columns| *columns <= width) {
            folder.letter(letter, columns);
        }
    }
    folder.end()
}

/// A line that is being folded.
#[derive(Default)]
struct Folder {
    width: usize,
    /// The spaces that every line begins with.
    margin: usize,
    lines: Vec<String>,
    now: String,
    used: usize,
    /// The styles in force, to be taken up again on the next line.
    styles: String,
    /// What ends them.
    plain: String,
    /// Whether there was more than the margin.
    begun: bool,
    /// Behind the last space since: the place in `now`, the columns used, and the styles in force.
    space: Option<(usize, usize, String)>,
}

impl Folder {
    fn style(&mut self, style: &str, ends: bool, plain: &str) {
        if ends {
            self.styles.clear();
        } else {
            self.styles.push_str(style);
        }
        self.plain = plain.to_owned();
        self.now.push_str(style);
    }

    fn letter(&mut self, letter: char, columns: usize) {
        if self.used + columns > self.width {
            if letter == ' ' {
                // The break stands for it.
                self.space = None;
                return self.break_line();
            }
            self.break_line();
            // What was taken over, or the margin, may leave no room for a wide one.
            if self.used + columns > self.width {
                self.break_line();
            }
        }
        self.now.push(letter);
        self.used += columns;
        if letter != ' ' {
            self.begun = true;
        } else if self.begun {
            self.space = Some((self.now.len(), self.used, self.styles.clone()));
        }
    }

    fn break_line(&mut self) {
        let here = (self.now.len(), self.used, self.styles.clone());
        let space = self.space.take();
        let at = space.filter(|(_, used, _)| 2 * used >= self.width);
        let (at, used, styles) = at.unwrap_or(here);
        let rest = self.now.split_off(at);
        if !styles.is_empty() {
            self.now.push_str(&self.plain);
        }
        let begin = " ".repeat(self.margin) + &styles + &rest;
        self.lines.push(std::mem::replace(&mut self.now, begin));
        self.used -= used;
        self.used += self.margin;
    }

    fn end(mut self) -> Vec<String> {
        if !self.styles.is_empty() {
            self.now.push_str(&self.plain);
        }
        self.lines.push(self.now);
        self.lines
    }
}

/// The escape sequence that `text` begins with, and what follows it.
fn escape_sequence(text: &str) -> (&str, &str) {
    let body = &text[1..];
    let length = match body.chars().next() {
        // CSI: parameters, then a final character.
        Some('[') => {
            body[1..].find(|c: char| ('\x40'..='\x7e').contains(&c)).map_or(body.len(), |at| at + 2)
        }
        // OSC, such as a link: until BEL or ST.
        Some(']') => match (body.find('\x07'), body.find("\x1b\\")) {
            (Some(bell), Some(st)) if st < bell => st + 2,
            (Some(bell), _) => bell + 1,
            (None, Some(st)) => st + 2,
            (None, None) => body.len(),
        },
        Some(c) => c.len_utf8(),
        None => 0,
    };
    text.split_at(1 + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_is_that_of_the_characters() {
        let (bad, plain) = (Ink::Bad.mark(), Ink::Plain.mark());
        for (text, width) in [
            ("four", 4),
            ("日本語", 6),
            // An accent of its own, a control character.
            ("e\u{301}\x07", 1),
            ("\x1b[1m\x1b[31mfour\x1b[0m", 4),
            ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x07", 4),
            (&format!("{bad}four{plain}"), 4),
        ] {
            assert_eq!(columns(text), width, "{text:?}");
        }
    }

    #[test]
    fn text_is_shortened_and_wrapped_to_its_width() {
        assert_eq!(shorten("four", 4, "…"), "four");
        assert_eq!(shorten("fives", 4, "…"), "fiv…");
        assert_eq!(shorten("日本語", 5, "…"), "日本…");
        assert_eq!(shorten("日本語", 4, "..."), "...");
        assert_eq!(shorten("one line\nof two", 20, "..."), "one line");
        assert_eq!(wrap("a bb ccc dddd", 6), ["a bb", "ccc", "dddd"]);
        assert_eq!(wrap("a\u{a0}bb ccc-dddd", 5), ["a bb", "ccc-dddd"]);
        assert_eq!(wrap("\x1b[1mbb\x1b[0m ccc", 6), ["\x1b[1mbb\x1b[0m ccc"]);
    }

    #[test]
    fn numbers_in_words() {
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1234567, "1,234,567")] {
            assert_eq!(thousands(n), text);
        }
        assert_eq!([count(0, "line"), count(1, "line")], ["0 lines", "1 line"]);
    }

    #[test]
    fn a_line_is_folded_with_its_colours() {
        assert_eq!(fold("", 5), [""]);
        assert_eq!(fold("abcdef", 4), ["abcd", "ef"]);
        assert_eq!(fold("a\x1b[31mbcd\x1b[0mef", 3), ["a\x1b[31mbc\x1b[0m", "\x1b[31md\x1b[0mef"]);
        assert_eq!(fold("日本語", 4), ["日本", "語"]);
        assert_eq!(fold("ab \x1b[1mcde fg", 6), ["ab \x1b[1mcde\x1b[0m", "\x1b[1mfg\x1b[0m"]);
        assert_eq!(fold("abc \x1b[1mdef", 6), ["abc ", "\x1b[1mdef\x1b[0m"]);
        assert_eq!(fold("a bcdefgh", 6), ["a bcde", "fgh"]);
        assert_eq!(fold("  abc def ghi", 7), ["  abc ", "  def ", "  ghi"]);
        assert_eq!(fold("    abcdef", 5), ["    a", "bcdef"]);
        let (bad, plain) = (Ink::Bad.mark(), Ink::Plain.mark());
        assert_eq!(
            fold(&format!("a{bad}bcd{plain}ef"), 3),
            [format!("a{bad}bc{plain}"), format!("{bad}d{plain}ef")]
        );
    }

    #[test]
    fn what_moves_the_cursor_is_left_out() {
        assert_eq!(fold("a\x1b[2Jb\x1b[10;10Hc\rd\x07\x08e", 80), ["abcde"]);
        assert_eq!(fold("\x1b]8;;http://x\x1b\\link\x1b]8;;\x07!", 80), ["link!"]);
        assert_eq!(fold("a\tb", 80), ["a   b"]);
        assert_eq!(fold("\x1b[31", 80), [""]);
        assert_eq!(fold("日", 1), [""]);
    }
}
