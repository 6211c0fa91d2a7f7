//! Every run of a program that has choices.

use harness::protocol::{Coverage, Extent, dry_run_block, success_line};

/// The runs of a program: one for every sequence of choices that it can make.
///
/// ```text
/// let mut runs = Runs::default();
/// while runs.begin() {
///     // … runs.choose(2) …
///     runs.end(|| drawing);
/// }
/// runs.tell();
/// ```
///
/// It is a loop and not a closure, so that an assertion in it is reported where its function was called.
#[derive(Debug, Default)]
pub struct Runs {
    /// The choices of this run, and out of how many: an odometer whose wheels are as large as they turn out to be.
    made: Vec<(usize, usize)>,
    at: usize,
    ended: usize,
    first: Option<String>,
}

impl Runs {
    /// Begins the next run. Returns `false` if there are no more.
    pub fn begin(&mut self) -> bool {
        self.at = 0;
        if self.ended == 0 {
            return true;
        }
        while let Some((choice, among)) = self.made.pop() {
            if choice + 1 < among {
                self.made.push((choice + 1, among));
                return true;
            }
        }
        false
    }

    /// Chooses one of `among` possibilities, numbered from 0.
    pub fn choose(&mut self, among: usize) -> usize {
        if self.at == self.made.len() {
            self.made.push((0, among));
        }
        self.at += 1;
        self.made[self.at - 1].0
    }

    /// Ends a run. The first is drawn.
    pub fn end(&mut self, draw: impl FnOnce() -> String) {
        self.ended += 1;
        self.first.get_or_insert_with(draw);
    }

    /// Says, in the runner's terms, how many runs there were, and shows the first.
    pub fn tell(self) {
        let coverage = Coverage { interleavings: self.ended, extent: Extent::All };
        println!("{}", success_line(&coverage));
        println!("{}", dry_run_block(&self.first.expect("there was a run")));
    }
}

#[cfg(test)]
mod tests {
    use super::Runs;

    #[test]
    fn each_sequence_is_run_once() {
        let (mut runs, mut seen) = (Runs::default(), Vec::new());
        while runs.begin() {
            let first = runs.choose(2);
            // The second wheel has one place more if the first has turned.
            seen.push((first, runs.choose(2 + first)));
            runs.end(String::new);
        }
        assert_eq!(seen, [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)]);
    }
}
