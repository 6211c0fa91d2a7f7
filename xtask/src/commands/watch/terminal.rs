//! The terminal while `watch` has it: raw, on its alternate screen, and given back however the runner ends.

use std::io::{self, Write};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{
    Clear, ClearType, DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode, size,
};
use crossterm::{execute, queue};

/// Whether the terminal is to be given back. Global, because a panic in any thread has to know.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The size of a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Lines.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
}

impl Size {
    /// As crossterm has it: columns and rows.
    pub fn of((columns, rows): (u16, u16)) -> Self {
        Self { rows: rows.into(), columns: columns.into() }
    }
}

/// The terminal. It is given back when this is dropped, and before the message of a panic is printed.
#[derive(Debug)]
pub struct Terminal(());

impl Terminal {
    /// Takes the terminal.
    ///
    /// # Errors
    ///
    /// There is none, or it refuses.
    pub fn take() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let print = panic::take_hook();
            panic::set_hook(Box::new(move |panic| {
                give_back();
                print(panic);
            }));
        });
        let terminal = Self(());
        terminal.enter()?;
        Ok(terminal)
    }

    /// Takes it again after [`Terminal::leave`].
    pub fn enter(&self) -> io::Result<()> {
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        execute!(io::stdout(), EnterAlternateScreen, Hide, DisableLineWrap, Clear(ClearType::All))
    }

    /// Gives it back for a while.
    pub fn leave(&self) {
        give_back();
    }

    /// How large it is.
    pub fn size(&self) -> io::Result<Size> {
        Ok(Size::of(size()?))
    }

    /// Shows these lines, the first on top. Each fits the screen, and there are no more than it has.
    pub fn draw(&self, lines: &[String]) -> io::Result<()> {
        // A thread has panicked: the message is on the screen that was given back.
        if !TAKEN.load(Ordering::SeqCst) {
            return Ok(());
        }
        let mut frame = Vec::new();
        for (row, line) in (0..).zip(lines) {
            // Cleared before: behind a full line the cursor stands on its last column.
            queue!(
                frame,
                MoveTo(0, row),
                SetAttribute(Attribute::Reset),
                Clear(ClearType::UntilNewLine)
            )?;
            frame.write_all(line.as_bytes())?;
        }
        queue!(frame, SetAttribute(Attribute::Reset))?;
        // In one piece, so that no half of it is seen.
        let mut stdout = io::stdout().lock();
        stdout.write_all(&frame)?;
        stdout.flush()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back as it was, once. Nothing is to be done where it is gone.
fn give_back() {
    // SeqCst: the first to swap does it; there is nothing else to order, and speed does not matter.
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(
            io::stdout(),
            SetAttribute(Attribute::Reset),
            EnableLineWrap,
            Show,
            LeaveAlternateScreen
        );
        let _ = disable_raw_mode();
    }
}

#[cfg(all(test, unix))]
#[path = "../../../tests/e2e/pty.rs"]
#[allow(dead_code, reason = "the end-to-end tests use the rest")]
mod pty;

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;

    use super::*;

    use super::pty::Pty;

    /// Runs one of the tests below, which are for a terminal of their own, on one.
    fn on_a_terminal(test: &str) -> Pty {
        let mut command = Command::new(std::env::current_exe().expect("a path"));
        let name = format!("{}::{test}", module_path!().split_once("::").expect("in a crate").1);
        command
            .args(["--exact", &name, "--ignored", "--nocapture", "--test-threads=1"])
            .env("RUST_BACKTRACE", "0");
        Pty::start(command, 24, 80)
    }

    #[test]
    fn a_panic_gives_the_terminal_back_before_its_message() {
        for test in ["panics_with_the_terminal", "panics_beside_the_terminal"] {
            let mut pty = on_a_terminal(test);
            pty.end();
            pty.assert_restored();
            let screen = pty.screen();
            assert!(screen.contains("a panic for a test"), "{screen}");
            assert!(!screen.contains("drawn"), "{screen}");
        }
    }

    fn taken() -> Terminal {
        let terminal = Terminal::take().expect("a terminal");
        terminal.draw(&["drawn".to_owned()]).expect("drawn");
        terminal
    }

    #[test]
    #[ignore = "is run by the test above, on a terminal"]
    fn panics_with_the_terminal() {
        let _terminal = taken();
        panic!("a panic for a test");
    }

    #[test]
    #[ignore = "is run by the test above, on a terminal"]
    fn panics_beside_the_terminal() {
        let terminal = taken();
        let ended = std::thread::spawn(|| panic!("a panic for a test")).join();
        // Who has the screen may not know yet.
        let late = ["drawn too late".to_owned()];
        terminal.draw(&late).expect("drawn");
        assert!(ended.is_err());
    }
}
