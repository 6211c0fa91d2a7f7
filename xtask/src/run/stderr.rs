//! What cargo says on stderr while it builds: its progress is for the moment, rustc's words are for the
//! verdict.

use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::time::{Duration, Instant};

use super::control::{Control, Stage};

/// How long a build takes before somebody who looks at a pipe is told that there is one.
const PATIENCE: Duration = Duration::from_secs(3);

/// Reads the stderr of cargo, and of nextest after it.
#[derive(Debug, Default)]
pub struct Listener {
    /// The diagnostics of rustc and whatever else was said before the tests began.
    pub said: String,
    /// How many warnings rustc has for the lesson's crate.
    pub warnings: usize,
    /// What nextest said after the build.
    pub after: String,
    /// When the build ended and the tests began.
    pub started: Option<Instant>,
    /// Whether somebody else says what is being built.
    quiet: bool,
    /// Who is told what the run is at.
    control: Control,
    /// How many tests have ended, and how many there are.
    tests: (usize, usize),
    shown: bool,
}

/// The words with which a line of cargo's progress begins.
const PROGRESS: [&str; 15] = [
    "Compiling",
    "Checking",
    "Fresh",
    "Dirty",
    "Downloading",
    "Downloaded",
    "Updating",
    "Locking",
    "Adding",
    "Blocking",
    "Running",
    "Removing",
    "Unpacking",
    "Building",
    "Executable",
];

/// What cargo and nextest add to an error that rustc has explained.
const ECHO: [&str; 2] = [
    "error: command `",
    "warning: build failed, waiting for other jobs",
];

/// What nextest says of a test that has not ended.
const STILL_RUNNING: [&str; 2] = ["SLOW", "TERMINATING"];

impl Listener {
    /// One that shows cargo's progress, or leaves that to somebody else.
    pub fn new(show_progress: bool) -> Self {
        Self {
            quiet: !show_progress,
            ..Self::default()
        }
    }

    /// One that tells whoever follows the run, if anybody does, and shows nothing then.
    pub fn followed_by(self, control: &Control) -> Self {
        Self {
            quiet: self.quiet || control.is_followed(),
            control: control.clone(),
            ..self
        }
    }

    /// Takes in one line, its line break included.
    pub fn line(&mut self, line: &str, since: Instant) {
        let plain = anstream::adapter::strip_str(line).to_string();
        let word = plain.split_whitespace().next().unwrap_or_default();
        if self.started.is_some() {
            self.count(&plain);
            self.after.push_str(&plain);
        } else if word == "Finished" && plain.starts_with("  ") {
            self.clear();
            self.started = Some(Instant::now());
        } else if plain.starts_with(' ') && PROGRESS.contains(&word) && plain.find(word) <= Some(12)
        {
            self.progress(plain.trim(), since);
        } else if ECHO.iter().any(|echo| plain.starts_with(echo)) {
            // Said again by the cargo or the nextest around the one that said it.
        } else if let Some(count) = generated_warnings(&plain) {
            self.warnings = self.warnings.max(count);
            self.said.push_str(line);
        } else {
            self.said.push_str(line);
        }
    }

    /// Counts the tests, by what nextest says of each.
    fn count(&mut self, plain: &str) {
        let mut words = plain.split_whitespace();
        let (Some(word), Some(second)) = (words.next(), words.next()) else {
            return;
        };
        if word == "Starting" {
            self.tests.1 = second.parse().unwrap_or(0);
        } else if second.starts_with('[')
            && word.bytes().all(|byte| byte.is_ascii_uppercase())
            && !STILL_RUNNING.contains(&word)
        {
            self.tests.0 += 1;
        } else {
            return;
        }
        let (done, of) = self.tests;
        self.control.follow(Stage::Running { done, of });
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
        if stderr.is_terminal() {
            let _ = write!(stderr, "\r\x1b[K {text}").and_then(|()| stderr.flush());
            self.shown = true;
        } else if !self.shown && since.elapsed() > PATIENCE {
            let _ = writeln!(stderr, " building; the first time takes up to a minute");
            self.shown = true;
        }
    }

    fn clear(&mut self) {
        let mut stderr = std::io::stderr();
        if self.shown && stderr.is_terminal() {
            let _ = write!(stderr, "\r\x1b[K").and_then(|()| stderr.flush());
        }
        self.shown = false;
    }

    /// To be called when cargo has ended.
    pub fn end(&mut self) {
        self.clear();
    }
}

/// The count in ``warning: `name` (lib) generated 2 warnings``.
fn generated_warnings(line: &str) -> Option<usize> {
    let (_, count) = line.strip_prefix("warning: `")?.split_once(" generated ")?;
    count.split(' ').next()?.parse().ok()
}

/// Hands on line by line what comes out of `source`, until it ends.
pub fn lines(source: impl Read, mut each: impl FnMut(String) -> bool) {
    let mut source = BufReader::new(source);
    let mut line = Vec::new();
    while source
        .read_until(b'\n', &mut line)
        .is_ok_and(|read| read > 0)
    {
        if !each(String::from_utf8_lossy(&line).into_owned()) {
            break;
        }
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
        assert!(listener.started.is_none());
    }

    #[test]
    fn the_tests_are_counted() {
        let stages = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let followed = std::sync::Arc::clone(&stages);
        let control = Control::new(move |stage| followed.lock().expect("no panic").push(stage));
        let mut listener = Listener::new(true).followed_by(&control);
        let said = "   Compiling a v0.1.0 (/a)\n    Finished `test` profile\n────\n Nextest run ID 1 with x\n    \
                    Starting 2 tests across 1 binary\n        PASS [   0.005s] (1/2) a b\n        \
                    SLOW [> 10.000s] (───) a c\n     SIGABRT [   0.1s] (2/2) a c\n     Summary [   0.1s] 2 tests\n";
        for line in said.split_inclusive('\n') {
            listener.line(line, Instant::now());
        }
        let of = |done| Stage::Running { done, of: 2 };
        assert_eq!(
            *stages.lock().expect("no panic"),
            [
                Stage::Building("Compiling a v0.1.0".into()),
                of(0),
                of(1),
                of(2)
            ]
        );
    }

    #[test]
    fn the_tests_begin_when_the_build_has_finished() {
        let listener = listen(
            "warning: unused\n\nwarning: `a` (lib) generated 2 warnings\nwarning: `a` (lib test) generated 1 warning\n\
             \x1b[32m    Finished\x1b[0m `test` profile\n────\n Nextest run\n",
        );
        assert!(listener.started.is_some());
        assert_eq!(
            (listener.warnings, listener.after.as_str()),
            (2, "────\n Nextest run\n")
        );
    }
}
