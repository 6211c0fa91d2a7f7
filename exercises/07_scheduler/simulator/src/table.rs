//! A table whose rows are moments and whose columns are the parts of a scheduler.

use harness::text::{columns, wrap};

/// Between two columns.
const GAP: &str = "  ";

/// The rows so far.
#[derive(Clone, Debug)]
pub struct Table {
    heads: Vec<String>,
    /// The cells of each row; a cell is lines of words.
    rows: Vec<Vec<Vec<String>>>,
    width: usize,
}

impl Table {
    /// Returns a table without rows that is at most `width` columns wide. The first column is the one that
    /// says when.
    pub fn new(heads: Vec<String>, width: usize) -> Self {
        Self { heads, rows: Vec::new(), width }
    }

    /// Adds a row: for each column its lines.
    pub fn push(&mut self, cells: Vec<Vec<String>>) {
        self.rows.push(cells);
    }

    /// Draws the last `rows` of its rows, with a mark beside the very last.
    pub fn draw_last(&self, rows: usize) -> String {
        let mut marked = self.clone();
        if let Some(when) = marked.rows.last_mut().and_then(|row| row.first_mut()?.first_mut()) {
            when.insert_str(0, "> ");
        }
        marked.draw(self.rows.len().saturating_sub(rows)..self.rows.len())
    }

    /// Draws all rows.
    pub fn draw_all(&self) -> String {
        self.draw(0..self.rows.len())
    }

    fn draw(&self, range: std::ops::Range<usize>) -> String {
        let shown = &self.rows[range.clone()];
        let widths = self.widths(shown);
        let heads: Vec<Vec<String>> = self.heads.iter().map(|head| vec![head.clone()]).collect();
        let mut out = String::new();
        for row in std::iter::once(&heads).chain(shown) {
            let cells: Vec<Vec<String>> = row
                .iter()
                .zip(&widths)
                .map(|(cell, &width)| cell.iter().flat_map(|line| wrap(line, width)).collect())
                .collect();
            let height = cells.iter().map(Vec::len).max().unwrap_or(0);
            for at in 0..height {
                let mut line = String::new();
                for (cell, &width) in cells.iter().zip(&widths) {
                    let text = cell.get(at).map_or("", String::as_str);
                    line += text;
                    line += &" ".repeat(width.saturating_sub(columns(text)));
                    line += GAP;
                }
                out += line.trim_end();
                out.push('\n');
            }
        }
        out
    }

    /// How wide each column is: as its widest line, or as an equal share of the room.
    fn widths(&self, shown: &[Vec<Vec<String>>]) -> Vec<usize> {
        let natural = |at: usize| {
            let lines = shown.iter().filter_map(|row| row.get(at)).flatten();
            lines.map(|line| columns(line)).chain([columns(&self.heads[at])]).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = (0..self.heads.len()).map(natural).collect();
        let mut room = self.width.saturating_sub(GAP.len() * (widths.len().max(1) - 1));
        let mut order: Vec<usize> = (0..widths.len()).collect();
        order.sort_by_key(|&at| widths[at]);
        for (done, &at) in order.iter().enumerate() {
            let share = room / (order.len() - done);
            widths[at] = widths[at].min(share);
            room -= widths[at];
        }
        widths
    }
}

/// Writes numbers as a list that is not too long: `4 5 6 … 131 (128)`.
pub fn list(numbers: impl ExactSizeIterator<Item = u32>) -> String {
    const MOST: usize = 8;
    let all = numbers.len();
    let words: Vec<String> = numbers.map(|number| number.to_string()).collect();
    if all <= MOST {
        return words.join(" ");
    }
    format!("{} … {} ({all})", words[..3].join(" "), words[all - 1])
}
