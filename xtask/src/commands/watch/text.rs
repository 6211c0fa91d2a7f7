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

/// A line as lines of at most `columns`, with its colours and its margin, broken between words where that leaves no
/// line half empty. Tabs become spaces; whatever else would move the cursor, which a test may print, is left out.
pub fn fold(line: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let margin = line.len() - line.trim_start_matches(' ').len();
    let mut folder = Folder {
        columns,
        // On a screen where it does not take most of the line.
        margin: if 3 * margin <= columns { margin } else { 0 },
        ..Folder::default()
    };
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if c == '\x1b' {
            let (sequence, after) = escape_sequence(rest);
            rest = after;
            if sequence.starts_with("\x1b[") && sequence.ends_with('m') {
                folder.style(sequence);
            }
            continue;
        }
        rest = &rest[c.len_utf8()..];
        if c == '\t' {
            for _ in 0..TAB - folder.used % TAB {
                folder.letter(' ', 1);
            }
        } else if let Some(width) = c.width().filter(|width| *width <= folder.columns) {
            // A control character has none.
            folder.letter(c, width);
        }
    }
    folder.end()
}

/// A line that is being cut.
#[derive(Default)]
struct Folder {
    columns: usize,
    /// The spaces that every line begins with.
    margin: usize,
    lines: Vec<String>,
    now: String,
    used: usize,
    /// The styles in force, to be taken up again on the next line.
    styles: String,
    /// Whether there was more than the margin.
    begun: bool,
    /// Behind the last space since: the place in `now`, the columns used, and the styles in force.
    space: Option<(usize, usize, String)>,
}

impl Folder {
    fn style(&mut self, sequence: &str) {
        if sequence == PLAIN || sequence == "\x1b[m" {
            self.styles.clear();
        } else {
            self.styles.push_str(sequence);
        }
        self.now.push_str(sequence);
    }

    fn letter(&mut self, letter: char, width: usize) {
        if self.used + width > self.columns {
            if letter == ' ' {
                // The break stands for it.
                self.space = None;
                return self.break_line();
            }
            self.break_line();
            // What was taken over, or the margin, may leave no room for a wide one.
            if self.used + width > self.columns {
                self.break_line();
            }
        }
        self.now.push(letter);
        self.used += width;
        if letter != ' ' {
            self.begun = true;
        } else if self.begun {
            self.space = Some((self.now.len(), self.used, self.styles.clone()));
        }
    }

    fn break_line(&mut self) {
        let here = (self.now.len(), self.used, self.styles.clone());
        let space = self.space.take();
        let at = space.filter(|(_, used, _)| 2 * used >= self.columns);
        let (at, used, styles) = at.unwrap_or(here);
        let rest = self.now.split_off(at);
        if !styles.is_empty() {
            self.now.push_str(PLAIN);
        }
        let begin = " ".repeat(self.margin) + &styles + &rest;
        self.lines.push(std::mem::replace(&mut self.now, begin));
        self.used -= used;
        self.used += self.margin;
    }

    fn end(mut self) -> Vec<String> {
        if !self.styles.is_empty() {
            self.now.push_str(PLAIN);
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
        assert_eq!(
            fold("ab \x1b[1mcde fg", 6),
            ["ab \x1b[1mcde\x1b[0m", "\x1b[1mfg\x1b[0m"]
        );
        assert_eq!(fold("abc \x1b[1mdef", 6), ["abc ", "\x1b[1mdef\x1b[0m"]);
        assert_eq!(fold("a bcdefgh", 6), ["a bcde", "fgh"]);
        assert_eq!(fold("  abc def ghi", 7), ["  abc ", "  def ", "  ghi"]);
        assert_eq!(fold("    abcdef", 5), ["    a", "bcdef"]);
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
