//! Signals: the ones that ask for an end, and the one that says that the process goes on.

use std::io;

/// What a signal is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(unix), allow(dead_code, reason = "none comes"))]
pub enum Signal {
    /// The runner is to end, by this signal.
    End(i32),
    /// It was stopped, and goes on.
    Continued,
}

/// Calls `each` for every signal that comes, on a thread of its own.
#[cfg(unix)]
pub fn listen(each: impl Fn(Signal) + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    let mut signals =
        signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCONT])?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            each(if signal == SIGCONT { Signal::Continued } else { Signal::End(signal) });
        }
    });
    Ok(())
}

/// Ends the process as the signal would have, so that a shell sees what ended it.
#[cfg(unix)]
pub fn die_of(signal: i32) {
    let _ = signal_hook::low_level::emulate_default_handler(signal);
}

/// Stops the job that the runner is part of, as Ctrl-Z does where the terminal is not raw. Returns before the
/// process has stopped, or without: where no shell could continue it, the system does not stop it.
#[cfg(unix)]
pub fn stop_job() {
    use rustix::process::{Signal, kill_current_process_group};
    let _ = kill_current_process_group(Signal::TSTP);
}

/// Elsewhere Ctrl-C comes as a key, and in a pipe it ends the process at once.
#[cfg(not(unix))]
pub fn listen(_each: impl Fn(Signal) + Send + 'static) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
pub fn die_of(_signal: i32) {}

#[cfg(not(unix))]
pub fn stop_job() {}
