//! What cargo says on stderr while it builds: its progress is for the moment, rustc's words are for the
//! verdict.

use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::time::{Duration, Instant};

use super::control::{Control, Stage};
use crate::term::plain;

/// How long a build takes before somebody who looks at a pipe is told that there is one.
const PATIENCE: Duration = Duration::from_secs(3);

/// Reads the stderr of cargo, and of what cargo runs.
#[derive(Debug, Default)]
pub struct Listener {
    /// The diagnostics of rustc and whatever else was said that is no progress.
    pub said: String,
    /// Whether somebody else says what is being built.
    quiet: bool,
    /// Who is told what the run is at.
    control: Control,
    shown: bool,
    compiled: usize,
}

/// The words with which a line of cargo's progress begins.
const PROGRESS: &str = "Compiling Checking Fresh Dirty Downloading Downloaded Updating Locking Adding Blocking \
                         Running Removing Unpacking Building Executable";

/// What cargo adds to an error that rustc has explained.
const ECHO: &str = "warning: build failed, waiting for other jobs";

impl Listener {
    /// One that shows cargo's progress, or leaves that to somebody else.
    pub fn new(show_progress: bool) -> Self {
        Self { quiet: !show_progress, ..Self::default() }
    }

    /// Returns one that, if somebody follows the run, tells the follower and shows nothing.
    pub fn followed_by(self, control: &Control) -> Self {
        Self { quiet: self.quiet || control.is_followed(), control: control.clone(), ..self }
    }

    /// Takes in one line, its line break included.
    pub fn line(&mut self, line: &str, since: Instant) {
        let plain = plain(line);
        let word = plain.split_whitespace().next().unwrap_or_default();
        if word == "Finished" && plain.starts_with("  ") {
            self.clear();
        } else if plain.starts_with(' ')
            && PROGRESS.split(' ').any(|one| one == word)
            && plain.find(word) <= Some(12)
        {
            self.progress(plain.trim(), since);
        } else if plain.starts_with(ECHO) {
            // rustc has said why.
        } else {
            self.said.push_str(line);
        }
    }

    /// Shows what cargo is at, on a terminal in a line that goes away again.
    fn progress(&mut self, text: &str, since: Instant) {
        let mut stderr = std::io::stderr();
        // The folder in brackets says nothing here, and would make two lines of one.
        let text = text.split(" (").next().unwrap_or(text);
        self.control.follow(Stage::Building(text.to_owned()));
        if self.quiet {
            return;
        }
        // The package cache is for all of the machine, and mostly free again at once.
        if text.starts_with("Blocking") && !text.ends_with("package cache") {
            self.clear();
            let _ = writeln!(
                stderr,
                " another cargo is at work here; waiting for it to end (Ctrl-C gives up)"
            );
        } else if stderr.is_terminal() {
            let _ = write!(stderr, "\r\x1b[K {text}").and_then(|()| stderr.flush());
            self.shown = true;
        } else {
            // The lesson itself is one. More are what it stands on.
            self.compiled += usize::from(text.starts_with("Compiling"));
            if !self.shown && (self.compiled > 1 || since.elapsed() > PATIENCE) {
                let _ = writeln!(stderr, " building; the first time takes up to a minute");
                self.shown = true;
            }
        }
    }

    /// Takes away what is shown. To be called when cargo has ended.
    pub fn clear(&mut self) {
        let mut stderr = std::io::stderr();
        if self.shown && stderr.is_terminal() {
            let _ = write!(stderr, "\r\x1b[K").and_then(|()| stderr.flush());
        }
        self.shown = false;
    }
}

/// Hands on line by line what comes out of `source`, until it ends.
pub fn lines(source: impl Read, mut each: impl FnMut(String)) {
    let mut source = BufReader::new(source);
    let mut line = Vec::new();
    while source.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        each(String::from_utf8_lossy(&line).into_owned());
        line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listen(text: &str) -> Listener {
        let mut listener = Listener::default();
        for line in text.split_inclusive('\n') {
            listener.line(line, Instant::now());
        }
        listener
    }

    #[test]
    fn rustc_and_cargo_are_told_apart() {
        let error =
            "error[E0425]: cannot find value `x`\n --> src/a.rs:1:2\n  |\n1 | Compiling x\n";
        let listener = listen(&format!(
            "   Compiling a v0.1.0 (/a)\n{error}\x1b[1m\x1b[92m   Compiling\x1b[0m b\n"
        ));
        assert_eq!(listener.said, error);
    }

    #[test]
    fn who_follows_the_run_is_told_what_is_built() {
        let stages = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let followed = std::sync::Arc::clone(&stages);
        let control = Control::new(move |stage| followed.lock().expect("no panic").push(stage));
        let mut listener = Listener::new(true).followed_by(&control);
        for line in ["   Compiling a v0.1.0 (/a)\n", "    Finished `test` profile\n"] {
            listener.line(line, Instant::now());
        }
        assert_eq!(
            *stages.lock().expect("no panic"),
            [Stage::Building("Compiling a v0.1.0".into())]
        );
    }

    #[test]
    fn progress_is_left_out() {
        let listener = listen(
            "warning: unused\n\nwarning: `a` (lib) generated 2 warnings\nwarning: `a` (lib test) generated 1 warning\n\
             \x1b[32m    Finished\x1b[0m `test` profile\n────\n Nextest run\n",
        );
        assert!(!listener.said.contains("Finished"), "{}", listener.said);
        assert!(listener.said.ends_with("────\n Nextest run\n"), "{}", listener.said);
    }
}
