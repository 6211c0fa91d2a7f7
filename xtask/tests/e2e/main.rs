//! The runner as its user sees it: the real binary, in workspaces made for each test.

mod break_;
mod fixture;
mod grade;
mod hostile;
mod learner;
mod new;
mod verify;
