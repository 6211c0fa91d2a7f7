//! Text on a screen: lines cut to its width, and a window on them that moves.

use crate::term::fold;

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
        let mut text = Self { source, ..Self::default() };
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
        self.lines = self.source.lines().flat_map(|line| fold(line, columns)).collect();
    }

    /// Moves the window of `rows` lines to begin at `top`, as far as there is text.
    pub fn move_to(&mut self, top: usize, rows: usize) {
        self.top = top.min(self.lines.len().saturating_sub(rows));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_stays_on_the_text() {
        let mut text = Text::new("1\n2\n3\n4\n5\n".into(), 10);
        text.move_to(100, 3);
        assert_eq!(text.top, 2);
        text.move_to(1, 10);
        assert_eq!(text.top, 0);
    }
}
