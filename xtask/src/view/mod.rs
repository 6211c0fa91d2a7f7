//! What a person reads, and what programs read in its place.
//!
//! | | |
//! |---|---|
//! | [`lesson_page`] | a lesson and its verdict in words |
//! | [`not_built`] | the same where it does not compile |
//! | [`list`] | the chapters, the lessons, and how far the learner is |
//! | [`mod@end_of_path`] | when every lesson is done |
//! | [`diff`] | two files side by side |
//! | [`json`] | a test and what became of it, for programs |
//! | [`mod@markdown`] | hints, folded and drawn |
//! | [`parts`] | what all pages are made of |
//!
//! May use [`verdict`](crate::verdict) and the rooms below it.

pub mod diff;
mod end_of_path;
pub mod json;
mod lesson_page;
pub mod list;
mod markdown;
mod not_built;
mod parts;

pub use end_of_path::end_of_path;
pub use lesson_page::{Length, LessonPage};
pub use markdown::markdown;
pub use parts::{all_done, behind, explored_text, named, paragraph, picture, row, signed};
