//! The runner as its user sees it: the real binary, in workspaces made for each test.

mod break_;
mod compare;
mod dry_run;
mod fixture;
mod grade;
mod hostile;
mod killed;
mod learner;
mod new;
mod processes;
#[cfg(target_os = "linux")]
mod interrupt;
#[cfg(unix)]
mod pty;
mod swap;
mod tree;
mod verify;
#[cfg(target_os = "linux")]
mod watch;
