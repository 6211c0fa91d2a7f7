//! The runner as its user sees it: the real binary, in workspaces made for each test.

mod break_;
mod compare;
mod fixture;
mod hostile;
mod learner;
mod verify;
