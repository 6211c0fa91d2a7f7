//! A program on a terminal without a window: what is typed goes in, what it draws can be read.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, ioctl_tiocsctty, kill_process, setsid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

/// Whatever is waited for comes much sooner, unless it never does.
const AT_MOST: Duration = Duration::from_secs(120);

/// A program and its terminal.
pub struct Pty {
    child: Child,
    controller: File,
    /// The other end: while it is open, the terminal's settings can be read.
    terminal: OwnedFd,
    parser: Arc<Mutex<vt100::Parser>>,
    /// The terminal's settings before the program had it.
    before: String,
}

impl Pty {
    /// Starts `command` on a terminal of this size.
    pub fn start(mut command: Command, rows: u16, columns: u16) -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .expect("a terminal");
        grantpt(&controller).expect("granted");
        unlockpt(&controller).expect("unlocked");
        let name = ptsname(&controller, Vec::new()).expect("a name");
        let terminal: OwnedFd = File::options()
            .read(true)
            .write(true)
            .open(name.to_str().expect("a path"))
            .expect("opened")
            .into();
        set_size(&controller, rows, columns);
        let before = settings(&terminal);
        let end = || terminal.try_clone().expect("a descriptor");
        command
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .env("TERM", "xterm-256color")
            .env_remove("COLUMNS")
            .env_remove("LINES");
        // The controlling terminal of a session of its own, as a window's is.
        let own_session = || {
            setsid()?;
            ioctl_tiocsctty(rustix::stdio::stdin())?;
            Ok(())
        };
        // SAFETY: the closure runs between fork and exec, where only async-signal-safe work is allowed; it makes
        // two system calls and allocates nothing.
        unsafe { command.pre_exec(own_session) };
        let child = command.spawn().expect("started");
        drop(command);

        let controller = File::from(controller);
        let parser = Arc::new(Mutex::new(vt100::Parser::new(some(rows), some(columns), 0)));
        let (mut reader, drawn) =
            (controller.try_clone().expect("a descriptor"), Arc::clone(&parser));
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                drawn.lock().expect("no panic").process(&buffer[..read]);
            }
        });
        Self { child, controller, terminal, parser, before }
    }

    /// Types.
    pub fn send(&mut self, keys: &str) {
        self.controller.write_all(keys.as_bytes()).expect("typed");
    }

    /// What stands on the screen.
    pub fn screen(&self) -> String {
        self.with_screen(|screen| screen.contents())
    }

    pub fn with_screen<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.parser.lock().expect("no panic").screen())
    }

    /// Waits until `done` holds of what stands on the screen, and returns that.
    pub fn wait(&mut self, what: &str, done: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            if done(&screen) {
                return screen;
            }
            let status = self.child.try_wait().expect("a status");
            assert!(
                begun.elapsed() < AT_MOST && status.is_none(),
                "waiting for {what}; ended: {status:?}; the screen:\n{screen}"
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the text stands on the screen.
    pub fn wait_for(&mut self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text))
    }

    /// Gives the terminal another size; the screen is empty until something is drawn on it.
    pub fn resize(&mut self, rows: u16, columns: u16) {
        let mut parser = self.parser.lock().expect("no panic");
        parser.process(b"\x1b[2J");
        parser.screen_mut().set_size(some(rows), some(columns));
        set_size(&self.controller, rows, columns);
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).expect("a process");
        kill_process(pid, signal).expect("it is there");
    }

    /// Waits until the program has ended and all that it drew is on the screen.
    pub fn end(&mut self) -> ExitStatus {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                break status;
            }
            assert!(begun.elapsed() < AT_MOST, "it does not end; the screen:\n{}", self.screen());
            thread::sleep(Duration::from_millis(5));
        };
        // A mark of our own, behind what the program has written.
        rustix::io::write(&self.terminal, b"\r\nTHE END").expect("written");
        while !self.screen().contains("THE END") {
            assert!(begun.elapsed() < 2 * AT_MOST, "{}", self.screen());
            thread::sleep(Duration::from_millis(5));
        }
        status
    }

    /// Whether the terminal's settings are those from before the program had it.
    pub fn has_its_settings(&self) -> bool {
        settings(&self.terminal) == self.before
    }

    /// That the program left its screen, its cursor and its settings as it found them.
    pub fn assert_restored(&self) {
        assert_eq!(settings(&self.terminal), self.before);
        self.assert_is_normal();
    }

    /// That this is the screen that a shell is used on.
    pub fn assert_is_normal(&self) {
        self.with_screen(|screen| {
            assert!(!screen.alternate_screen(), "the alternate screen was left");
            assert!(!screen.hide_cursor(), "the cursor is shown");
        });
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The settings of a terminal that a program may forget to restore.
fn settings(terminal: &OwnedFd) -> String {
    let Termios { input_modes, output_modes, control_modes, local_modes, .. } =
        tcgetattr(terminal).expect("a terminal");
    format!("{input_modes:?} {output_modes:?} {control_modes:?} {local_modes:?}")
}

fn some(n: u16) -> NonZero<u16> {
    NonZero::new(n).expect("a terminal has lines and columns")
}

fn set_size(terminal: impl std::os::fd::AsFd, rows: u16, columns: u16) {
    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(terminal, size).expect("resized");
}
