//! The runner as its user sees it: the real binary, in workspaces made for each test.

mod break_;
mod fixture;
mod hostile;
mod learner;
#[cfg(unix)]
mod pty;
mod verify;
#[cfg(target_os = "linux")]
mod watch;
