//! The process between a test and the runner.
//!
//! A learner's test may deadlock, spin, print without end, eat memory or start threads without end. The runner
//! starts each test through `xtask __guard WHAT TIME-OUT-IN-MS PROGRAM ARGUMENTS…`, which gives the test limits, passes
//! on a bounded part of what it prints, stops it when it exceeds one or when none of its threads can go on, and says so
//! in a last line on stderr that [`End::find`] reads back. It also ends the test when its own parent dies, however that
//! dies, so that no interrupt and no kill leaves a process behind.
//!
//! The guard starts before the command line is parsed and before anything is allocated that need not be: it is started
//! once for each test binary, and where not all of its tests pass, once for each of those.

use std::fmt;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use harness_base::liveness::{Halt, Limits, SANITIZED, Watch};

use crate::term::note;

/// The first argument that makes the runner a guard.
pub const ARGUMENT: &str = "__guard";

/// The most that a test may print on stdout, and again on stderr, in bytes.
pub const OUTPUT: usize = 256 * 1024;

/// The most memory that a test may have, in bytes: heap and the stacks of its threads (2 MiB each).
const MEMORY: u64 = 1 << 30;

/// The most threads that a test may have at once. Those with stacks of the usual 2 MiB meet [`MEMORY`] sooner.
pub const THREADS: usize = 2000;

/// The most processor time that one thread of a test may use, and all of them together on each processor. A model counts
/// for itself.
const PROCESSOR: Duration = Duration::from_secs(4);

/// How long several tests may take from one word of them to the next, without the time in which they waited for a processor.
/// They are stopped then, or at the first that fails: what becomes of those that have not passed is for a process each to
/// find out.
const PATIENCE: Duration = Duration::from_millis(400);

/// What libtest says of a test that failed.
const FAILED: &[u8] = b"FAILED";

/// How often the guard looks whether its parent and its child are still there, and what the child's threads do.
const TICK: Duration = Duration::from_millis(50);

/// How a test's process ended, where it did not end by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It ran for longer than it may, in milliseconds. Time in which it waited for a processor is not counted.
    TimeOut(u64),
    /// Each of its threads waited for another.
    Stuck,
    /// It used more processor time than it may, in milliseconds.
    Spins(u64),
    /// It printed more than [`OUTPUT`].
    Flood,
    /// It had more than [`THREADS`].
    Threads,
    /// A signal ended it, for example `SIGABRT`.
    Signal(String),
}

const TIME_OUT: &str = "stopped: time-out ";
const STUCK: &str = "stopped: stuck";
const SPINS: &str = "stopped: processor time ";
const FLOOD: &str = "stopped: output";
const MANY_THREADS: &str = "stopped: threads";
const SIGNAL: &str = "died: ";

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::TimeOut(ms) => write!(f, "{TIME_OUT}{ms} ms"),
            End::Stuck => f.write_str(STUCK),
            End::Spins(ms) => write!(f, "{SPINS}{ms} ms"),
            End::Flood => f.write_str(FLOOD),
            End::Threads => f.write_str(MANY_THREADS),
            End::Signal(name) => write!(f, "{SIGNAL}{name}"),
        }
    }
}

impl End {
    /// Whether the guard stopped it.
    pub fn is_stopped(&self) -> bool {
        !matches!(self, End::Signal(_))
    }

    /// What the guard said at the end of a test's stderr, and the stderr without it.
    pub fn find(stderr: &str) -> (Option<End>, &str) {
        let trimmed = stderr.trim_end();
        let start = trimmed.rfind('\n').map_or(0, |newline| newline + 1);
        let line = &trimmed[start..];
        let ms = |beginning| -> Option<u64> {
            let ms = line.strip_prefix(beginning)?.strip_suffix(" ms")?;
            ms.parse().ok()
        };
        let end = match line {
            FLOOD => Some(End::Flood),
            MANY_THREADS => Some(End::Threads),
            STUCK => Some(End::Stuck),
            _ => ms(TIME_OUT)
                .map(End::TimeOut)
                .or_else(|| ms(SPINS).map(End::Spins))
                .or_else(|| Some(End::Signal(line.strip_prefix(SIGNAL)?.to_owned()))),
        };
        match end {
            Some(end) => (Some(end), &stderr[..start]),
            None => (None, stderr),
        }
    }
}

impl From<Halt> for End {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Stuck => End::Stuck,
            Halt::Spins(used) => End::Spins(milliseconds(used)),
            Halt::Late(time) => End::TimeOut(milliseconds(time)),
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}

/// What runs behind a guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// One test: its main thread only waits for it.
    Test,
    /// The tests of a binary one after the other, for as long as they pass and get on: see [`PATIENCE`].
    Tests,
    /// Anything else.
    Program,
}

impl What {
    /// The word for it on the guard's command line.
    pub const fn word(self) -> &'static str {
        match self {
            What::Test => "test",
            What::Tests => "tests",
            What::Program => "program",
        }
    }

    /// The most memory that it may have, in bytes.
    #[cfg(unix)]
    fn memory(self) -> u64 {
        match self {
            What::Test | What::Tests => MEMORY,
            // A bench may start a thread for each of a thousand jobs, to compare with that.
            What::Program => 4 * MEMORY,
        }
    }

    fn watch(self, process: u32, time: Duration) -> Watch {
        let limits = Limits {
            // A bench may use all that it has time for; and a test that is given much more time than a verdict takes, as
            // one that writes down what it explores, has something to do in it.
            processor: (self == What::Test).then(|| PROCESSOR.max(time / 3)),
            time: if self == What::Tests { PATIENCE } else { time },
        };
        Watch::process(process, self != What::Program, limits)
    }
}

/// Acts as the guard where the command line asks for one.
pub fn requested() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != ARGUMENT {
        return None;
    }
    let what = arguments.next().and_then(|word| {
        let mut all = [What::Test, What::Tests, What::Program].into_iter();
        all.find(|what| word == what.word())
    });
    let ms = arguments.next().and_then(|ms| ms.to_str()?.parse().ok());
    let time_out = ms.map(Duration::from_millis);
    let (Some(what), Some(time_out), Some(program)) = (what, time_out, arguments.next()) else {
        note(&format!(
            "xtask {ARGUMENT} is started by the runner, with `test`, `tests` or `program`, a time-out in milliseconds \
             and a program"
        ));
        return Some(ExitCode::from(2));
    };
    let mut command = Command::new(&program);
    command.args(arguments).stdin(Stdio::null());
    Some(match guard(command, what, time_out) {
        Ok(code) => code,
        Err(error) => {
            note(&format!("cannot run {}: {error}", program.display()));
            ExitCode::from(127)
        }
    })
}

/// The exit code to pass on, after the guard's last line where a signal ended the test.
fn pass_on(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let name = signal_hook::low_level::signal_name(signal);
        let name = name.map_or_else(|| format!("signal {signal}"), str::to_owned);
        note(&format!("\n{}", End::Signal(name)));
        return ExitCode::FAILURE;
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

#[cfg(unix)]
fn guard(mut command: Command, what: What, time_out: Duration) -> std::io::Result<ExitCode> {
    use std::cell::Cell;
    use std::io::{Read, Write};
    use std::os::fd::AsFd;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::process::getppid;
    use signal_hook::consts::SIGTERM;

    let parent = getppid();
    // The runner asks for an end when the run is cancelled. A test need not listen, so the guard sees to it.
    let asked_to_end = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGTERM, Arc::clone(&asked_to_end))?;
    // Relaxed: nothing is passed on by it.
    let asked = || asked_to_end.load(Ordering::Relaxed);
    limit(what.memory());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut threads = what.watch(child.id(), time_out);
    let mut out = child.stdout.take();
    let mut err = child.stderr.take();
    let (mut out_left, mut err_left) = (OUTPUT, OUTPUT);
    let mut buffer = [0; 16 * 1024];
    let mut look_at = Instant::now() + TICK;
    let failed = Cell::new(false);
    // It has ended, and may have printed its last words after the last look at the pipes.
    let mut has_ended = false;

    // Copies what is there. `false`: the other end is closed. A reader that is gone is no reason to stop.
    let mut copy = |from: &mut dyn Read, to: &mut dyn Write, left: &mut usize| {
        let read = from.read(&mut buffer).unwrap_or(0);
        let passed = read.min(*left);
        if what == What::Tests {
            let mut words = buffer[..passed].windows(FAILED.len());
            failed.set(failed.get() || words.any(|word| word == FAILED));
        }
        let _ = to.write_all(&buffer[..passed]).and_then(|()| to.flush());
        *left -= passed;
        // An output that is exactly as long as the limit is within it.
        (read > 0, passed < read)
    };

    let stopped = loop {
        let now = Instant::now();
        if asked() {
            break None;
        }
        if failed.get() || getppid() != parent {
            stop(&mut child);
            return Ok(ExitCode::FAILURE);
        }
        // Not in every round: a test that prints makes many of them.
        if now >= look_at {
            if threads_of(child.id()).is_some_and(|threads| threads > THREADS) {
                break Some(End::Threads);
            }
            if let Some(halt) = threads.look() {
                break Some(halt.into());
            }
            // A look at many threads takes long.
            look_at = Instant::now() + TICK.max(10 * now.elapsed());
        }
        let wait = if has_ended { Duration::ZERO } else { TICK };
        let wait = Timespec { tv_sec: 0, tv_nsec: wait.subsec_nanos().into() };
        let pipes = [out.as_ref().map(AsFd::as_fd), err.as_ref().map(AsFd::as_fd)];
        let pipes = pipes.into_iter().flatten();
        let mut watched: Vec<_> =
            pipes.map(|pipe| PollFd::from_borrowed_fd(pipe, PollFlags::IN)).collect();
        let ready = poll(&mut watched, Some(&wait)).unwrap_or(0);
        let is_ready = watched.iter().map(|pipe| !pipe.revents().is_empty());
        let mut is_ready = is_ready.collect::<Vec<_>>().into_iter();
        let out_ready = out.is_some() && is_ready.next() == Some(true);
        let err_ready = err.is_some() && is_ready.next() == Some(true);

        if out_ready && let Some(pipe) = &mut out {
            if what == What::Tests {
                threads = what.watch(child.id(), time_out);
            }
            let (open, flood) = copy(pipe, &mut std::io::stdout().lock(), &mut out_left);
            if flood {
                break Some(End::Flood);
            }
            out = out.filter(|_| open);
        }
        if err_ready && let Some(pipe) = &mut err {
            let (open, flood) = copy(pipe, &mut std::io::stderr().lock(), &mut err_left);
            if flood {
                break Some(End::Flood);
            }
            err = err.filter(|_| open);
        }
        // Both pipes closed: it has ended, or is about to. Nothing to read: it may have ended while a
        // process that it started holds the pipes.
        let closed = out.is_none() && err.is_none();
        if closed || ready == 0 {
            if let Some(status) = child.try_wait()? {
                // A request to the guard went to its whole group: the test has not ended by itself.
                if asked() {
                    break None;
                }
                if closed || has_ended {
                    return Ok(pass_on(status));
                }
                has_ended = true;
            } else if closed {
                std::thread::sleep(Duration::from_micros(200));
            }
        }
    };
    let _ = child.kill();
    let _ = child.wait();
    let Some(stopped) = stopped else {
        // As it would have without a handler.
        signal_hook::low_level::emulate_default_handler(SIGTERM)?;
        return Ok(ExitCode::FAILURE);
    };
    note(&format!("\n{stopped}"));
    stop(&mut child);
    Ok(ExitCode::FAILURE)
}

/// How many threads a process has, where the system says so to everybody. Elsewhere the limits of memory and of
/// time have to do.
#[cfg(unix)]
fn threads_of(process: u32) -> Option<usize> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let threads = status.lines().find_map(|line| line.strip_prefix("Threads:"))?;
    threads.trim().parse().ok()
}

/// No core dumps, and so many bytes of memory.
#[cfg(unix)]
fn limit(memory: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    for (resource, most) in [(Resource::Core, 0), (Resource::Data, memory)] {
        // The sanitizer reserves terabytes that it never uses.
        if resource == Resource::Data && std::env::var_os(SANITIZED).is_some() {
            continue;
        }
        let maximum = getrlimit(resource).maximum;
        let most = maximum.map_or(most, |maximum| maximum.min(most));
        // Where the system refuses, the test runs without the limit.
        let current = Some(most);
        let _ = setrlimit(resource, Rlimit { current, maximum });
    }
}

/// Ends the test and all that it started. The guard leads a process group of its own, and goes with it.
#[cfg(unix)]
fn stop(child: &mut std::process::Child) {
    use rustix::process::{Signal, getpgrp, getpid, kill_process_group};
    let _ = child.kill();
    let _ = child.wait();
    if getpgrp() == getpid() {
        let _ = kill_process_group(getpid(), Signal::KILL);
    }
}

/// Without process groups and `poll` only the time is limited: what a test prints goes straight through.
#[cfg(not(unix))]
fn guard(mut command: Command, what: What, time_out: Duration) -> std::io::Result<ExitCode> {
    let mut child = command.spawn()?;
    let mut threads = what.watch(child.id(), time_out);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(pass_on(status));
        }
        if let Some(halt) = threads.look() {
            child.kill()?;
            child.wait()?;
            note(&format!("\n{}", End::from(halt)));
            return Ok(ExitCode::FAILURE);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_read_back() {
        for end in [
            End::TimeOut(6000),
            End::Stuck,
            End::Spins(4010),
            End::Flood,
            End::Threads,
            End::Signal("SIGABRT".into()),
        ] {
            let stderr = format!("what the test said\n\n{end}\n");
            assert_eq!(End::find(&stderr), (Some(end), "what the test said\n\n"));
        }
    }

    #[test]
    fn only_the_last_line_counts() {
        let stderr = "stopped: output\nmore\n";
        assert_eq!(End::find(stderr), (None, stderr));
        assert_eq!(End::find(""), (None, ""));
    }
}
