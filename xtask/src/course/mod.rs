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
//! | [`lacks`] | what a learner's file lacks of what it was shipped with |
//! | [`settings`] | settings of cargo from outside the checkout |
//! | [`problems`] | what is in the way of the whole workspace |
//! | [`content`] | the files below a folder, and names for what is in them |
//! | [`hints`], [`readme`] | what the runner reads in a lesson's texts |
//!
//! May use nothing of the runner but [`term`](crate::term).

pub mod api;
pub mod content;
pub mod explained;
pub mod hints;
pub mod lacks;
pub mod lesson_tests;
pub mod problems;
pub mod readme;
pub mod select;
pub mod settings;
pub mod shipped;
pub mod stub;
mod workspace;

pub use workspace::{EXERCISES, Lesson, Problem, SOLUTIONS, Status, Workspace, numbered_folders};
