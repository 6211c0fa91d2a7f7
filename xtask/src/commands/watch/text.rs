//! Text on a screen: lines cut to its width, and a window on them that moves.

use unicode_width::UnicodeWidthChar;

/// The columns between two stops of a tab.
const TAB: usize = 4;

/// What ends every style.
const PLAIN: &str = "\x1b[0m";

/// A text that is read through a window of some lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    source: String,
    /// The source, cut to the width of the screen.
    pub lines: Vec<String>,
    /// The first line in the window.
    pub top: usize,
}

impl Text {
    /// The text, for a screen of `columns`.
    pub fn new(source: String, columns: usize) -> Self {
        let mut text = Self {
            source,
            ..Self::default()
        };
        text.fit(columns);
        text
    }

    /// Adds to it.
    pub fn push(&mut self, more: &str, columns: usize) {
        self.source.push_str(more);
        self.fit(columns);
    }

    /// Cuts the lines for a screen of `columns`.
    pub fn fit(&mut self, columns: usize) {
        self.lines = self
            .source
            .lines()
            .flat_map(|line| fold(line, columns))
            .collect();
    }

    /// Moves the window of `rows` lines to begin at `top`, as far as there is text.
    pub fn move_to(&mut self, top: usize, rows: usize) {
        self.top = top.min(self.lines.len().saturating_sub(rows));
    }
}

/// A line as lines of at most `columns`, with its colours. Tabs become spaces; whatever else would move the
/// cursor, which a test may print, is left out.
pub fn fold(line: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut now = String::new();
    let mut used = 0;
    // The styles in force, to be taken up again on the next line.
    let mut styles = String::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if c == '\x1b' {
            let (sequence, after) = escape_sequence(rest);
            rest = after;
            if sequence.starts_with("\x1b[") && sequence.ends_with('m') {
                if sequence == PLAIN || sequence == "\x1b[m" {
                    styles.clear();
                } else {
                    styles.push_str(sequence);
                }
                now.push_str(sequence);
            }
            continue;
        }
        rest = &rest[c.len_utf8()..];
        let (shown, width) = match c {
            '\t' => (' ', TAB - used % TAB),
            // Control characters have no width.
            c => match c.width() {
                Some(width) if width <= columns => (c, width),
                _ => continue,
            },
        };
        if used + width > columns {
            if !styles.is_empty() {
                now.push_str(PLAIN);
            }
            lines.push(std::mem::replace(&mut now, styles.clone()));
            used = 0;
        }
        let times = if c == '\t' { width.min(columns) } else { 1 };
        now.extend(std::iter::repeat_n(shown, times));
        used += width.min(columns);
    }
    if !styles.is_empty() {
        now.push_str(PLAIN);
    }
    lines.push(now);
    lines
}

/// The escape sequence that `text` begins with, and what follows it.
fn escape_sequence(text: &str) -> (&str, &str) {
    let body = &text[1..];
    let length = match body.chars().next() {
        // CSI: parameters, then a final character.
        Some('[') => body[1..]
            .find(|c: char| ('\x40'..='\x7e').contains(&c))
            .map_or(body.len(), |at| at + 2),
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
    fn a_line_is_cut_with_its_colours() {
        assert_eq!(fold("", 5), [""]);
        assert_eq!(fold("abcdef", 4), ["abcd", "ef"]);
        assert_eq!(
            fold("a\x1b[31mbcd\x1b[0mef", 3),
            ["a\x1b[31mbc\x1b[0m", "\x1b[31md\x1b[0mef"]
        );
        assert_eq!(fold("日本語", 4), ["日本", "語"]);
    }

    #[test]
    fn what_moves_the_cursor_is_left_out() {
        assert_eq!(fold("a\x1b[2Jb\x1b[10;10Hc\rd\x07\x08e", 80), ["abcde"]);
        assert_eq!(
            fold("\x1b]8;;http://x\x1b\\link\x1b]8;;\x07!", 80),
            ["link!"]
        );
        assert_eq!(fold("a\tb", 80), ["a   b"]);
        assert_eq!(fold("\x1b[31", 80), [""]);
        assert_eq!(fold("日", 1), [""]);
    }

    #[test]
    fn a_window_stays_on_the_text() {
        let mut text = Text::new("1\n2\n3\n4\n5\n".into(), 10);
        text.move_to(100, 3);
        assert_eq!(text.top, 2);
        text.move_to(1, 10);
        assert_eq!(text.top, 0);
    }
}
