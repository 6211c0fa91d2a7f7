//! The runner as its user sees it: the real binary, in workspaces made for each test.

mod break_;
mod compare;
#[cfg(unix)]
mod completions;
mod doctor;
mod dry_run;
mod fixture;
mod grade;
mod hostile;
mod killed;
mod learner;
mod new;
#[cfg(unix)]
mod pty;
mod swap;
mod verify;
#[cfg(target_os = "linux")]
mod watch;
