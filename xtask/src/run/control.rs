//! How the starter of a run follows it, and ends it early: `watch` does when a file is saved.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a cancelled process has to end what it started.
const GRACE: Duration = Duration::from_millis(1500);

/// What a run is at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// cargo builds; what it says of it.
    Building(String),
    /// So many tests have ended.
    Running {
        /// How many.
        done: usize,
        /// Of how many.
        of: usize,
    },
}

/// The run was cancelled: there is no verdict, and nobody waits for one.
#[derive(Debug)]
pub struct Cancelled;

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the run was cancelled")
    }
}

impl std::error::Error for Cancelled {}

impl Cancelled {
    /// Whether this is what an error comes from.
    pub fn is_cause_of(error: &anyhow::Error) -> bool {
        error.chain().any(|cause| {
            let within = cause.downcast_ref().and_then(io::Error::get_ref);
            cause.is::<Self>() || within.is_some_and(|inner| inner.is::<Self>())
        })
    }
}

/// A handle on a run. The default one neither follows nor cancels: the run's processes belong to the terminal,
/// whose Ctrl-C reaches them all.
#[derive(Clone, Default)]
pub struct Control {
    watched: Option<Arc<Watched>>,
}

struct Watched {
    follow: Box<dyn Fn(Stage) + Send + Sync>,
    processes: Mutex<Processes>,
    /// A process has ended.
    ended: Condvar,
}

#[derive(Default)]
struct Processes {
    cancelled: bool,
    /// The processes that were started and have not been waited for: each leads a process group of its own, and
    /// while it is in here its number belongs to nobody else.
    live: BTreeSet<u32>,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("followed", &self.is_followed()).finish()
    }
}

impl Control {
    /// The handle on a run that can be cancelled and that says through `follow` what it is at.
    pub fn new(follow: impl Fn(Stage) + Send + Sync + 'static) -> Self {
        Self {
            watched: Some(Arc::new(Watched {
                follow: Box::new(follow),
                processes: Mutex::default(),
                ended: Condvar::new(),
            })),
        }
    }

    /// Whether somebody follows the run, so that it must show nothing itself.
    pub fn is_followed(&self) -> bool {
        self.watched.is_some()
    }

    /// Says what the run is at.
    pub fn follow(&self, stage: Stage) {
        if let Some(watched) = &self.watched {
            (watched.follow)(stage);
        }
    }

    /// # Errors
    ///
    /// [`Cancelled`], if it was.
    pub fn check(&self) -> Result<(), Cancelled> {
        match &self.watched {
            Some(watched) if watched.processes().cancelled => Err(Cancelled),
            _ => Ok(()),
        }
    }

    /// Starts a process of the run.
    ///
    /// # Errors
    ///
    /// The process cannot be started, or the run was cancelled (then the error holds [`Cancelled`]).
    pub fn spawn(&self, command: &mut Command) -> io::Result<Running> {
        let Some(watched) = &self.watched else {
            return Ok(Running { child: command.spawn()?, watched: None, waited: false });
        };
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        // Under the lock: a cancel comes before the start, or finds the process.
        let mut processes = watched.processes();
        if processes.cancelled {
            return Err(io::Error::other(Cancelled));
        }
        let child = command.spawn()?;
        processes.live.insert(child.id());
        Ok(Running { child, watched: Some(Arc::clone(watched)), waited: false })
    }

    /// Starts a process of the run, and takes in what it prints until it ends. `watch` sees all of stdout so far
    /// whenever there is more.
    ///
    /// # Errors
    ///
    /// The process cannot be started, or the run was cancelled.
    pub fn output(
        &self,
        command: &mut Command,
        mut watch: impl FnMut(&[u8]),
    ) -> io::Result<Output> {
        let mut running = self.spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
        let (out, err) = (running.child.stdout.take(), running.child.stderr.take());
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let (out, err) = thread::scope(|scope| {
            let err = scope.spawn(|| err.map_or(Ok(0), |mut err| err.read_to_end(&mut stderr)));
            let out = out.map_or(Ok(()), |mut out| read_all(&mut out, &mut stdout, &mut watch));
            let failed = |_| Err(io::Error::other("reading what a process prints failed"));
            let err = err.join().unwrap_or_else(failed);
            (out, err)
        });
        let status = running.wait()?;
        out.and(err.map(|_| ()))?;
        Ok(Output { status, stdout, stderr })
    }

    /// Ends every process of the run, and all that they started; starts no other. Returns at once: what does not
    /// end when it is asked to is killed a little later.
    pub fn cancel(&self) {
        let Some(watched) = &self.watched else {
            return;
        };
        let mut processes = watched.processes();
        if std::mem::replace(&mut processes.cancelled, true) || processes.live.is_empty() {
            return;
        }
        // A guard ends its test.
        processes.signal(Force::Ask);
        drop(processes);
        let watched = Arc::clone(watched);
        thread::spawn(move || {
            if !watched.are_gone_within(GRACE) {
                watched.processes().signal(Force::Kill);
            }
        });
    }

    /// Waits until no process of a cancelled run is left.
    pub fn wait_until_gone(&self) {
        if let Some(watched) = &self.watched {
            watched.are_gone_within(2 * GRACE);
        }
    }
}

/// Reads until the end; `watch` sees all so far whenever there is more.
fn read_all(
    from: &mut impl Read,
    all: &mut Vec<u8>,
    watch: &mut impl FnMut(&[u8]),
) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => {
                all.extend_from_slice(&buffer[..read]);
                watch(all);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

impl Watched {
    fn processes(&self) -> MutexGuard<'_, Processes> {
        // Nothing panics under the lock that could leave half a change.
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn are_gone_within(&self, time: Duration) -> bool {
        let some_live = |all: &mut Processes| !all.live.is_empty();
        let waited = self.ended.wait_timeout_while(self.processes(), time, some_live);
        let (processes, _) = waited.unwrap_or_else(PoisonError::into_inner);
        processes.live.is_empty()
    }
}

#[derive(Clone, Copy)]
enum Force {
    Ask,
    Kill,
}

impl Processes {
    #[cfg(unix)]
    fn signal(&self, force: Force) {
        use rustix::process::{Pid, Signal, kill_process_group};
        let signal = match force {
            Force::Ask => Signal::TERM,
            Force::Kill => Signal::KILL,
        };
        for group in &self.live {
            if let Some(group) = i32::try_from(*group).ok().and_then(Pid::from_raw) {
                // It may have ended already.
                let _ = kill_process_group(group, signal);
            }
        }
    }

    /// Without process groups the tree is what there is to end, and nobody to ask.
    #[cfg(not(unix))]
    fn signal(&self, _force: Force) {
        for process in &self.live {
            let _ = Command::new("taskkill")
                .args(["/T", "/F", "/PID", &process.to_string()])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
        }
    }
}

/// A process of a run. Dropped before it was waited for, it is killed.
pub struct Running {
    /// Its pipes are there to be taken. To wait for it is [`Running::wait`]'s.
    pub child: Child,
    watched: Option<Arc<Watched>>,
    waited: bool,
}

impl Running {
    /// Waits until it has ended.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        self.waited = true;
        if let Some(watched) = self.watched.take() {
            // Its number may belong to another process as soon as it is waited for, so it leaves the set before.
            #[cfg(unix)]
            if let Some(pid) = rustix::process::Pid::from_raw(self.child.id().cast_signed()) {
                use rustix::process::{WaitId, WaitIdOptions, waitid};
                let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
                while waitid(WaitId::Pid(pid), options).is_err_and(|e| e == rustix::io::Errno::INTR)
                {
                }
            }
            #[cfg(not(unix))]
            self.child.wait()?;
            watched.processes().live.remove(&self.child.id());
            watched.ended.notify_all();
        }
        self.child.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.waited {
            let _ = self.child.kill();
            let _ = self.wait();
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::time::Instant;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_process_that_does_not_end_is_cancelled_with_what_it_started() {
        for script in [
            // The shell's child holds the pipe: `output` returns when both are gone.
            "sleep 600 & sleep 600",
            "trap '' TERM; sleep 600 & wait; wait",
        ] {
            let control = Control::new(|_| ());
            let begun = Instant::now();
            let status = thread::scope(|scope| {
                let output = scope.spawn(|| control.output(&mut sh(script), |_| ()));
                let live = |watched: &Arc<Watched>| watched.processes().live.is_empty();
                while control.watched.as_ref().is_some_and(live) {
                    thread::yield_now();
                }
                control.cancel();
                output.join().expect("no panic").expect("it had started")
            });
            assert!(!status.status.success());
            control.wait_until_gone();
            assert!(begun.elapsed() < Duration::from_secs(60));
        }
    }

    #[test]
    fn a_cancelled_run_starts_nothing() {
        let control = Control::new(|_| ());
        control.cancel();
        assert!(control.check().is_err());
        let error = control.spawn(&mut sh("true")).map(|_| ()).expect_err("no");
        assert!(error.get_ref().is_some_and(|inner| inner.is::<Cancelled>()));
    }

    #[test]
    fn what_a_process_prints_is_taken_in() {
        for control in [Control::default(), Control::new(|_| ())] {
            let mut command = sh("echo out; echo err >&2; exit 3");
            let output = control.output(&mut command, |_| ()).expect("started");
            assert_eq!(output.status.code(), Some(3));
            assert_eq!(output.stdout, b"out\n");
            assert_eq!(output.stderr, b"err\n");
        }
    }
}
