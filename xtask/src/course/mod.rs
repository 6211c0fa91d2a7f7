//! The course: which lessons there are, what they are called, which tests and hints they have.
//!
//! | | |
//! |---|---|
//! | [`workspace`] | the lessons, from the tree and the manifests |
//! | [`select`] | which lesson, mistake or model is meant by a name |
//! | [`lesson_tests`] | the tests that a lesson has, and what its sources say of them |
//! | [`shipped`] | `shipped.lock`: the tests and files that a lesson was shipped with |
//! | [`stub`] | what a learner begins with, as the solution keeps it |
//! | [`api`] | the public API of a source file |
//! | [`explained`] | the sections of the texts that explain an error of rustc |
//! | [`content`] | the files below a folder, and names for what is in them |
//! | [`hints`], [`readme`] | what the runner reads in a lesson's texts |
//!
//! May use nothing of the runner but [`term`](crate::term).

pub mod api;
pub mod content;
pub mod explained;
pub mod hints;
pub mod lesson_tests;
pub mod readme;
pub mod select;
pub mod shipped;
pub mod stub;
mod workspace;

pub use workspace::{EXERCISES, Lesson, SOLUTIONS, Status, Workspace, numbered_folders};
