//! What the learner has: progress, the lesson's file, and every version of it that the runner ever replaced.
//! Nothing of theirs is lost, even if the runner is killed.
//!
//! | | |
//! |---|---|
//! | [`progress`] | which lessons are done, for which sources |
//! | [`lesson_file`] | the file that the learner edits, with all that can stand in it |
//! | [`versions`] | what was in it before |
//! | [`files`] | locks, and writes that a kill does not leave half done |
//!
//! May use [`course`](crate::course) and [`term`](crate::term).

pub mod files;
pub mod lesson_file;
pub mod progress;
pub mod versions;
