//! The runner as its user sees it: the real binary, in workspaces made for each test.

mod break_;
mod compare;
mod compile_errors;
#[cfg(unix)]
mod completions;
mod doctor;
#[cfg(unix)]
mod doors;
mod dry_run;
mod explore;
mod fixture;
mod grade;
mod hostile;
#[cfg(target_os = "linux")]
mod interrupt;
mod killed;
mod learner;
mod new;
mod processes;
#[cfg(unix)]
mod pty;
mod swap;
mod tree;
mod unlucky;
mod verify;
#[cfg(target_os = "linux")]
mod watch;
